package rig

import (
	"atrium.dev/atrium/api/v1alpha1"
	"atrium.dev/atrium/test/env/app"
)

// RunApp runs a command of the app's program to its end, as a Job of a company would
// that has a Secret with database.json.
func (r *Rig) RunApp(program, company, database string, args ...string) error {
	r.T.Helper()
	once, err := app.New(r.T.TempDir())
	Check(r.T, err)
	once.Program = program
	a := &App{rig: r, namespace: v1alpha1.NamespacePrefix + company, process: once}
	Check(r.T, a.mount(once.Settings, database))
	return once.Run(r.T.Context(), args...)
}
