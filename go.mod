module atrium.dev/atrium

go 1.26.0
