package approval_test

import (
	"net/http"
	"strings"
	"testing"

	"atrium.dev/atrium/tenant-app/internal/kernel"
)

// What a submission and a decision send to the database, the session's query among it:
// more of it is felt when a whole company hands in on a Monday morning.
func TestSubmittingAndDecidingTakeFewStatements(t *testing.T) {
	c := start(t)
	me, boss := c.as(clerk), c.as(head)
	submission := submission("general", object{"subject": "采购打印机", "content": "旧的坏了，申请买一台新的。"})
	submission["approvers"] = object{"approvers": []kernel.ID{c.ids[head]}}
	submitting := func() {
		submission["id"] = kernel.NewID()
		me.JSON(http.MethodPost, "/approvals", submission).Want(http.StatusCreated)
	}
	submitting() // writes the form down
	sent := c.Statements(t, submitting)
	if len(sent) != 21 {
		t.Errorf("submitting takes %d statements: %q", len(sent), sent)
	}
	// The counter of numbers is everybody's: nothing but the end follows it.
	for i, statement := range sent {
		if strings.HasPrefix(statement, "INSERT INTO number_rule") && (i+2 >= len(sent) || sent[i+2] != "COMMIT") {
			t.Errorf("after the number comes %q", sent[i+1:])
		}
	}
	d := get(me, submission["id"].(kernel.ID))
	if sent := c.Statements(t, func() { do(boss, d, "approve", nil).Want(http.StatusOK) }); len(sent) != 19 {
		t.Errorf("approving takes %d statements: %q", len(sent), sent)
	}
}
