package rig

import (
	"context"
	"os"

	"atrium.dev/atrium/api/v1alpha1"
	"atrium.dev/atrium/test/env/app"
)

// Mounts are what a pod of the app has in its settings folder: names of the ConfigMap
// with settings.json (empty: the company's own) and of the Secret with database.json.
type Mounts struct{ Settings, Database string }

func (r *Rig) mounted(program, company string, m Mounts) *app.App {
	r.T.Helper()
	once, err := app.New(r.T.TempDir())
	Check(r.T, err)
	once.Program = program
	a := &App{rig: r, namespace: v1alpha1.NamespacePrefix + company, settings: m.Settings, process: once}
	Check(r.T, a.mount(once.Settings, m.Database))
	return once
}

// RunApp runs a command of the app's program to its end, as a Job of a company would.
func (r *Rig) RunApp(program, company string, m Mounts, args ...string) error {
	r.T.Helper()
	return r.mounted(program, company, m).Run(r.T.Context(), args...)
}

// ServeApp runs the app as a pod of a company would until stop is called, and says at
// which origins people and operations reach it.
func (r *Rig) ServeApp(program, company string, m Mounts) (office, ops string, stop func()) {
	r.T.Helper()
	once := r.mounted(program, company, m)
	ctx, cancel := context.WithCancel(r.T.Context())
	ended, err := once.Serve(ctx)
	if err != nil {
		cancel()
		said, _ := os.ReadFile(once.Log)
		r.T.Fatalf("%v\n%s", err, said)
	}
	return "http://" + once.Listen, "http://" + once.Ops, func() { cancel(); <-ended }
}
