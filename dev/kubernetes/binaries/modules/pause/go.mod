module limpet.dev/dev/kubernetes/binaries/pause

go 1.26.0
