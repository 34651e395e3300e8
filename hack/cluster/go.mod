module atrium.dev/hack/cluster

go 1.26.0
