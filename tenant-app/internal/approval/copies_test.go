package approval_test

import (
	"net/http"
	"testing"

	"atrium.dev/atrium/tenant-app/internal/approval"
	"atrium.dev/atrium/tenant-app/internal/kernel"
	"atrium.dev/atrium/tenant-app/internal/office/officetest"
)

// Copies stand in 待办 until they are read, several or all at once; what is to be decided
// cannot be read away, and nobody reads for others.
func TestCopiesAreReadTogether(t *testing.T) {
	c := start(t)
	me, first, other := c.as(clerk), c.as(head), c.as(stranger)
	for range 4 {
		d := submit(me, "leave", leave("2026-11-23", "2026-11-23"))
		do(me, d, "cc", object{"to": []kernel.ID{c.ids[stranger], c.ids[head]}}).Want(http.StatusOK)
	}
	copies, waits := []kernel.ID{}, []kernel.ID{}
	for _, e := range todo(first).Items {
		if e.Kind == approval.TodoCopy {
			copies = append(copies, e.ID)
		} else {
			waits = append(waits, e.ID)
		}
	}
	if len(copies) != 4 || len(waits) != 4 || todo(other).Counts[approval.TodoCopy] != 4 {
		t.Fatalf("%d copies and %d that wait; %v", len(copies), len(waits), todo(other).Counts)
	}
	read := func(b *officetest.Browser, body object, want int) {
		t.Helper()
		var out struct{ Read int }
		b.JSON(http.MethodPost, "/todo/read", body).Want(http.StatusOK).Into(&out)
		if out.Read != want {
			t.Errorf("%v takes %d out, want %d", body, out.Read, want)
		}
	}
	if reply := first.JSON(http.MethodPost, "/todo/read", object{"ids": []kernel.ID{copies[0], waits[0]}}); reply.Status != http.StatusConflict || reply.Code() != "todo_not_read" {
		t.Errorf("what waits is read: %d %s", reply.Status, reply.Body)
	}
	read(other, object{"ids": copies}, 0)
	read(first, object{}, 0)
	read(first, object{"ids": copies[:2]}, 2)
	read(first, object{"ids": copies[:3]}, 1)
	read(first, object{"all": true}, 1)
	if counts := todo(first).Counts; counts[approval.TodoCopy] != 0 || counts["approval"] != 4 {
		t.Errorf("what is left: %v", counts)
	}
	if counts := todo(other).Counts; counts[approval.TodoCopy] != 4 {
		t.Errorf("somebody else's: %v", counts)
	}
}
