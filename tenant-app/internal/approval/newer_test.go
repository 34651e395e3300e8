package approval_test

import (
	"net/http"
	"testing"

	"atrium.dev/atrium/tenant-app/internal/kernel"
)

// While two releases run, the older one meets forms that only the later one can read:
// the page asks again until the later one answers.
func TestFormsOfALaterReleaseAreLeftToIt(t *testing.T) {
	c := start(t)
	me, first := c.as(clerk), c.as(head)
	d := submit(me, "leave", leave("2026-11-23", "2026-11-23"))
	draft := "/approval-drafts/" + kernel.NewID().String()
	me.JSON(http.MethodPut, draft, object{"form": "leave", "values": object{}}).Want(http.StatusOK)
	for version, change := range map[string]string{
		"901": `definition || '{"v": 2, "version": 901, "fields": {"by": "sections"}}'`,
		"902": `jsonb_set(definition || '{"version": 902}', '{flow}', '{"v": 2, "nodes": {"by": "stages"}}')`,
	} {
		c.Exec(t, `INSERT INTO form_definition (key, version, format, definition, created_at)
			SELECT key, ?::integer, 2, `+change+`, created_at FROM form_definition WHERE key = 'leave' AND version < 900 ORDER BY version LIMIT 1`, version)
		c.Exec(t, "UPDATE approval SET form_version = ?::integer WHERE id = ?", version, d.ID)
		path := "/approvals/" + d.ID.String()
		read := me.JSON(http.MethodGet, path, nil)
		listed := me.JSON(http.MethodGet, "/approvals?box=mine", nil)
		decided := do(first, d, "approve", nil)
		if read.Code() != "approval_newer" || listed.Code() != "approval_newer" || decided.Code() != "approval_newer" ||
			read.Status != http.StatusServiceUnavailable || listed.Status != read.Status || decided.Status != read.Status {
			t.Errorf("form %s: read %d %s, listed %d %s, decided %d %s", version, read.Status, read.Body, listed.Status, listed.Body, decided.Status, decided.Body)
		}
		// What is begun now is begun with what this release knows.
		me.JSON(http.MethodGet, "/approval-forms", nil).Want(http.StatusOK)
		me.JSON(http.MethodGet, draft, nil).Want(http.StatusOK)
	}
	me.JSON(http.MethodGet, "/approval-forms/leave?version=901", nil).Want(http.StatusServiceUnavailable)
}
