# Owns the shells' node group on EKS: spot instances with the shells' label and taint.
# Must not know the rest of your cluster: give it as variables.

variable "cluster_name" { type = string }
variable "node_role_arn" { type = string }
variable "subnet_ids" { type = list(string) }

# What the cluster autoscaler cannot see of a node that is not there yet. Without the disk it never makes the first one: a
# shell asks for some.
locals {
  node_template = {
    "k8s.io/cluster-autoscaler/node-template/label/limpet.dev/pool"       = "shells"
    "k8s.io/cluster-autoscaler/node-template/taint/limpet.dev/shells"     = "true:NoSchedule"
    "k8s.io/cluster-autoscaler/node-template/resources/ephemeral-storage" = "85Gi"
  }
}

resource "aws_launch_template" "limpet_shells" {
  name_prefix = "limpet-shells-"

  # One hop: what runs in a pod cannot reach the instance's metadata, whatever the network policy's enforcer does.
  metadata_options {
    http_endpoint               = "enabled"
    http_tokens                 = "required"
    http_put_response_hop_limit = 1
  }

  # Homes, images and what people build lie on the node's own disk; the 20 GiB that EKS gives are soon full.
  block_device_mappings {
    device_name = "/dev/xvda"
    ebs {
      volume_size = 100
      volume_type = "gp3"
      encrypted   = true
    }
  }

  # EKS appends its own part to this one (Amazon Linux 2023, no AMI of one's own). With it a program that takes too much
  # memory is ended alone, and not the whole container with its tmux.
  user_data = base64encode(<<-EOT
    MIME-Version: 1.0
    Content-Type: multipart/mixed; boundary="limpet"

    --limpet
    Content-Type: application/node.eks.aws

    ---
    apiVersion: node.eks.aws/v1alpha1
    kind: NodeConfig
    spec:
      kubelet:
        config:
          singleProcessOOMKill: true

    --limpet--
  EOT
  )
}

resource "aws_eks_node_group" "limpet_shells" {
  cluster_name    = var.cluster_name
  node_group_name = "limpet-shells"
  node_role_arn   = var.node_role_arn
  subnet_ids      = var.subnet_ids

  ami_type      = "AL2023_x86_64_STANDARD"
  capacity_type = "SPOT"
  # Several kinds of one size: the more there are, the seldomer all of them are taken back at once.
  instance_types = ["m7i.xlarge", "m7a.xlarge", "m6i.xlarge", "m6a.xlarge", "m5.xlarge", "m5a.xlarge"]

  labels = { "limpet.dev/pool" = "shells" }

  taint {
    key    = "limpet.dev/shells"
    value  = "true"
    effect = "NO_SCHEDULE"
  }

  scaling_config {
    min_size     = 0
    desired_size = 1
    max_size     = 10
  }

  # The cluster autoscaler's business from then on.
  lifecycle {
    ignore_changes = [scaling_config[0].desired_size]
  }

  launch_template {
    id      = aws_launch_template.limpet_shells.id
    version = aws_launch_template.limpet_shells.latest_version
  }

  # For an autoscaler that may ask EKS itself (eks:DescribeNodegroup).
  tags = local.node_template
}

# For one that may not: EKS does not hand a node group's tags on to its Auto Scaling group.
resource "aws_autoscaling_group_tag" "limpet_shells" {
  for_each = local.node_template

  autoscaling_group_name = aws_eks_node_group.limpet_shells.resources[0].autoscaling_groups[0].name

  tag {
    key                 = each.key
    value               = each.value
    propagate_at_launch = false
  }
}
