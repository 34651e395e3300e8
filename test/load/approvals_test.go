package load

import (
	"encoding/json"
	"fmt"
	"net/http"
	"testing"
	"time"

	"github.com/google/uuid"
)

// TestApprovals submits and decides at an even pace, as an office does on a Monday; none
// is lost and each is decided once.
func TestApprovals(t *testing.T) {
	o := start(t, 100)
	count := 100 * scale(2, 20)
	type submitted struct {
		id       uuid.UUID
		revision int64
	}
	sent := make([]submitted, count)
	head := o.people[99]
	took, err := openLoop(count, 100, func(n int) error {
		sent[n].id = newID()
		status, answer := o.do(o.people[n%99], http.MethodPost, "/approvals", map[string]any{
			"id": sent[n].id, "form": "general", "values": map[string]any{"subject": "采购打印机", "content": "旧的坏了，申请买一台新的。"},
			"approvers": map[string]any{"approvers": []uuid.UUID{head.id}},
		})
		if status != http.StatusCreated {
			return fmt.Errorf("submitting is answered with %d: %s", status, answer)
		}
		var got struct{ Revision int64 }
		err := json.Unmarshal(answer, &got)
		sent[n].revision = got.Revision
		return err
	})
	must(t, err)
	t.Logf("%d approvals submitted, 100 a second: p50 %s, p99 %s", count, at(took, .5), at(took, .99))
	took, err = openLoop(count, 100, func(n int) error {
		status, answer := o.doIf(head, fmt.Sprintf(`"%d"`, sent[n].revision), http.MethodPost, "/approvals/"+sent[n].id.String()+"/approve", map[string]any{})
		if status != http.StatusOK {
			return fmt.Errorf("approving is answered with %d: %s", status, answer)
		}
		return nil
	})
	must(t, err)
	t.Logf("%d approvals decided, 100 a second: p50 %s, p99 %s", count, at(took, .5), at(took, .99))
	var passed int
	must(t, o.sql.QueryRow(t.Context(), "SELECT count(*) FROM approval WHERE status = 'approved'").Scan(&passed))
	if passed != count {
		t.Errorf("%d of %d approvals are passed", passed, count)
	}
}

// TestIdlePages holds pages open that nothing happens on.
func TestIdlePages(t *testing.T) {
	o := start(t, scale(500, 5000))
	before := o.rss()
	began := time.Now()
	pages, err := listen(t.Context(), "ws://"+o.Listen+"/api/v1/live", o.URL, o.people, nil)
	must(t, err)
	defer pages.close()
	each := (o.rss() - before) / len(o.people)
	t.Logf("%d pages opened in %s; the app holds %.1f MB, %.1f before, %d bytes for each", len(o.people), time.Since(began).Round(time.Millisecond),
		float64(o.rss())/1e6, float64(before)/1e6, each)
	// 5,000 stay below 250 MB; of few, what is not yet collected weighs more.
	if most := scale(50_000, 42_000); each > most {
		t.Errorf("an open page costs the app %d bytes, more than %d", each, most)
	}
}
