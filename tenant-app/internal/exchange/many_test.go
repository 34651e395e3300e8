package exchange_test

import (
	"fmt"
	"net/http"
	"net/url"
	"os"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"atrium.dev/atrium/tenant-app/internal/exchange"
	"atrium.dev/atrium/tenant-app/internal/office/officetest"
	"golang.org/x/text/encoding/simplifiedchinese"
)

// crowd is how many people are imported at once. LOAD=full takes the figures of
// docs/performance.md.
func crowd() int {
	if os.Getenv("LOAD") == "full" {
		return 10_000
	}
	return 500
}

// Names as registers of households hold them: outside of the usual 20,000 characters,
// with the dot of other peoples.
var rare = []string{"王㛃", "𠮷野花", "㐂多多", "阿卜杜拉·买买提", "欧阳䶮"}

func TestACrowdWithRareNamesIsImported(t *testing.T) {
	o := officetest.Start(t)
	admin := o.Administrator(t)
	var table strings.Builder
	table.WriteString("姓名,工号,手机号,部门\n")
	for i := range crowd() {
		fmt.Fprintf(&table, "%s,C%05d,139%08d,事业部%d/小组%d\n", rare[i%len(rare)], i, i, i%10, i%100)
	}
	raw, err := simplifiedchinese.GB18030.NewEncoder().Bytes([]byte(table.String()))
	if err != nil {
		t.Fatal(err)
	}
	stop, most := watchMemory()
	began := time.Now()
	var report exchange.ImportReport
	send(admin, "/people/import?makeMissing=true", raw).Want(http.StatusOK).Into(&report)
	took := time.Since(began)
	close(stop)
	if want := fmt.Sprintf("%d+%[1]d~0=0!0", crowd()); counts(report) != want {
		t.Fatalf("the import says %.200s, want %s", counts(report), want)
	}
	t.Logf("%d people from %d bytes: %s, heap at most %d MiB more", crowd(), len(raw), took.Round(time.Millisecond), most.Load()>>20)
	for _, name := range rare {
		var page struct{ Items []struct{ Name string } }
		admin.JSON(http.MethodGet, "/people?limit=1&q="+url.QueryEscape(name), nil).Want(http.StatusOK).Into(&page)
		if len(page.Items) != 1 || page.Items[0].Name != name {
			t.Errorf("looking for %s finds %v", name, page.Items)
		}
	}
}

// watchMemory tells how much the heap grew at most until stop is closed.
func watchMemory() (stop chan struct{}, most *atomic.Uint64) {
	stop, most = make(chan struct{}), &atomic.Uint64{}
	var m runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&m)
	before := m.HeapAlloc
	go func() {
		tick := time.NewTicker(20 * time.Millisecond)
		defer tick.Stop()
		for {
			select {
			case <-stop:
				return
			case <-tick.C:
			}
			var now runtime.MemStats
			runtime.ReadMemStats(&now)
			if now.HeapAlloc > before {
				most.Store(max(most.Load(), now.HeapAlloc-before))
			}
		}
	}()
	return stop, most
}
