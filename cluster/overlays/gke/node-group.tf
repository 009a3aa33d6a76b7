# Owns the shells' node pool on GKE (Standard): spot machines with the shells' label and taint.
# Must not know the rest of your cluster: give it as variables.

variable "project" { type = string }
variable "location" { type = string }
variable "cluster_name" { type = string }
# One with the role roles/container.defaultNodeServiceAccount and no other.
variable "service_account" { type = string }

resource "google_container_node_pool" "limpet_shells" {
  name     = "limpet-shells"
  project  = var.project
  location = var.location
  cluster  = var.cluster_name

  autoscaling {
    total_min_node_count = 0
    total_max_node_count = 10
    # Spot machines: where there are most of them.
    location_policy = "ANY"
  }

  node_config {
    machine_type    = "e2-standard-4"
    spot            = true
    disk_size_gb    = 100
    service_account = var.service_account
    oauth_scopes    = ["https://www.googleapis.com/auth/cloud-platform"]

    labels = { "limpet.dev/pool" = "shells" }

    taint {
      key    = "limpet.dev/shells"
      value  = "true"
      effect = "NO_SCHEDULE"
    }

    # Pods get GKE's own metadata server instead of the machine's.
    workload_metadata_config {
      mode = "GKE_METADATA"
    }

    kubelet_config {
      cpu_manager_policy = "none"
      # A program that takes too much memory is ended alone, and not the whole container with its tmux.
      single_process_oom_kill = true
    }
  }
}
