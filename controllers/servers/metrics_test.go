package servers

import (
	"fmt"
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus"
	dto "github.com/prometheus/client_model/go"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"atrium.dev/atrium/api/v1alpha1"
)

func TestUsageIsKnownUntilTheServerIsGone(t *testing.T) {
	s := New(nil, "", nil, nil)
	s.Used.Set(KindObjectStore, "minio", 5)
	s.Used.Set(KindDatabaseServer, "minio", 7) // another kind may have the same name
	c := &collector{used: &s.Used}
	capacity := resource.MustParse("1Ki")
	spec := v1alpha1.ServerPlacement{Capacity: v1alpha1.Capacity{Bytes: &capacity}}
	status := &v1alpha1.ServerStatus{Orphans: []string{"bucket/a", "bucket/b"}, Conditions: []metav1.Condition{
		{Type: v1alpha1.ConditionReachable, Status: metav1.ConditionTrue},
	}}
	want := "atrium_server_reachable=1 atrium_server_orphans=2 atrium_server_capacity_bytes=1024 atrium_server_used_bytes=5"
	if got := names(t, c, spec, status); got != want {
		t.Errorf("series are %s\nwant       %s", got, want)
	}
	s.ForgetStore("minio")
	status.Conditions = nil
	want = "atrium_server_reachable=0 atrium_server_orphans=2"
	if got := names(t, c, v1alpha1.ServerPlacement{}, status); got != want {
		t.Errorf("series of a server that is not measured are %s\nwant %s", got, want)
	}
	if bytes, known := s.Used.get(KindDatabaseServer, "minio"); !known || bytes != 7 {
		t.Errorf("the DatabaseServer of that name holds %d (known: %v), want 7", bytes, known)
	}
}

// names collects one ObjectStore as NAME=VALUE.
func names(t *testing.T, c *collector, spec v1alpha1.ServerPlacement, status *v1alpha1.ServerStatus) string {
	t.Helper()
	out := make(chan prometheus.Metric, 10)
	c.one(out, KindObjectStore, "minio", spec, status)
	close(out)
	var found []string
	for metric := range out {
		var written dto.Metric
		if err := metric.Write(&written); err != nil {
			t.Fatal(err)
		}
		_, name, _ := strings.Cut(metric.Desc().String(), `fqName: "`)
		name, _, _ = strings.Cut(name, `"`)
		found = append(found, fmt.Sprintf("%s=%v", name, written.GetGauge().GetValue()))
	}
	return strings.Join(found, " ")
}
