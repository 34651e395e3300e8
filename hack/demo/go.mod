module atrium.dev/atrium/hack/demo

go 1.26.0
