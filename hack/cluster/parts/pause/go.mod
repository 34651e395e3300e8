module atrium.dev/hack/cluster/parts/pause

go 1.26.0
