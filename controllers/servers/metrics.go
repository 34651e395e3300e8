package servers

import (
	"context"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"atrium.dev/atrium/api/v1alpha1"
)

// Kinds of servers, as the label kind of the metrics says them.
const (
	KindDatabaseServer = "DatabaseServer"
	KindObjectStore    = "ObjectStore"
)

var (
	countDesc = prometheus.NewDesc("atrium_servers",
		"How many DatabaseServers and ObjectStores there are; with it an alert knows a missing series from a missing server.", []string{"kind"}, nil)
	reachableDesc = prometheus.NewDesc("atrium_server_reachable",
		"1 when the server's condition Reachable is true, otherwise 0.", []string{"kind", "server"}, nil)
	capacityDesc = prometheus.NewDesc("atrium_server_capacity_bytes",
		"spec.capacity.bytes of the server; no series without one.", []string{"kind", "server"}, nil)
	usedDesc = prometheus.NewDesc("atrium_server_used_bytes",
		"Bytes that all tenants together use on the server, as the operator that leads measured them last.", []string{"kind", "server"}, nil)
	orphansDesc = prometheus.NewDesc("atrium_server_orphans",
		"How many names of status.orphans lie on the server and belong to no tenant.", []string{"kind", "server"}, nil)
	backedUpDesc = prometheus.NewDesc("atrium_server_backed_up",
		"Condition ServerBackedUp of a DatabaseServer: 1 true, 0 false, -1 unknown; no series before it was looked at.", []string{"server"}, nil)
)

// Usage remembers how many bytes each server holds. It lives in memory, because an
// exact figure in a status would be a write at each measurement.
type Usage struct {
	mu    sync.Mutex
	bytes map[[2]string]int64
}

// Set remembers what was measured of a server of a kind.
func (u *Usage) Set(kind, server string, bytes int64) {
	u.mu.Lock()
	defer u.mu.Unlock()
	if u.bytes == nil {
		u.bytes = map[[2]string]int64{}
	}
	u.bytes[[2]string{kind, server}] = bytes
}

// Drop forgets a server that is gone.
func (u *Usage) Drop(kind, server string) {
	u.mu.Lock()
	defer u.mu.Unlock()
	delete(u.bytes, [2]string{kind, server})
}

func (u *Usage) get(kind, server string) (bytes int64, known bool) {
	u.mu.Lock()
	defer u.mu.Unlock()
	bytes, known = u.bytes[[2]string{kind, server}]
	return bytes, known
}

// collector reports the state of servers from the cache at scrape time.
type collector struct {
	reader client.Reader
	used   *Usage
	ctx    context.Context //nolint:containedctx // prometheus.Collector hands none over; this is the process's
}

// RegisterMetrics adds the metrics of servers to a registry.
func (s *Servers) RegisterMetrics(ctx context.Context, registry prometheus.Registerer, reader client.Reader) error {
	return registry.Register(&collector{reader, &s.Used, ctx})
}

// Describe implements prometheus.Collector.
func (c *collector) Describe(out chan<- *prometheus.Desc) {
	for _, desc := range []*prometheus.Desc{countDesc, reachableDesc, capacityDesc, usedDesc, orphansDesc, backedUpDesc} {
		out <- desc
	}
}

// scrapeLimit bounds a scrape while the cache still fills.
const scrapeLimit = 5 * time.Second

// Collect implements prometheus.Collector.
func (c *collector) Collect(out chan<- prometheus.Metric) {
	ctx, cancel := context.WithTimeout(c.ctx, scrapeLimit)
	defer cancel()
	var databases v1alpha1.DatabaseServerList
	var stores v1alpha1.ObjectStoreList
	for _, list := range []client.ObjectList{&databases, &stores} {
		if err := c.reader.List(ctx, list); err != nil {
			out <- prometheus.NewInvalidMetric(countDesc, err)
			return
		}
	}
	out <- value(countDesc, float64(len(databases.Items)), KindDatabaseServer)
	out <- value(countDesc, float64(len(stores.Items)), KindObjectStore)
	for i := range databases.Items {
		d := &databases.Items[i]
		c.one(out, KindDatabaseServer, d.Name, d.Spec.ServerPlacement, &d.Status.ServerStatus)
		if backedUp := meta.FindStatusCondition(d.Status.Conditions, v1alpha1.ConditionServerBackedUp); backedUp != nil {
			out <- value(backedUpDesc, map[metav1.ConditionStatus]float64{metav1.ConditionTrue: 1, metav1.ConditionUnknown: -1}[backedUp.Status], d.Name)
		}
	}
	for i := range stores.Items {
		o := &stores.Items[i]
		c.one(out, KindObjectStore, o.Name, o.Spec.ServerPlacement, &o.Status.ServerStatus)
	}
}

// one reports what both kinds have.
func (c *collector) one(out chan<- prometheus.Metric, kind, server string, spec v1alpha1.ServerPlacement, status *v1alpha1.ServerStatus) {
	reachable := 0.0
	if meta.IsStatusConditionTrue(status.Conditions, v1alpha1.ConditionReachable) {
		reachable = 1
	}
	out <- value(reachableDesc, reachable, kind, server)
	out <- value(orphansDesc, float64(len(status.Orphans)), kind, server)
	if spec.Capacity.Bytes != nil {
		out <- value(capacityDesc, spec.Capacity.Bytes.AsApproximateFloat64(), kind, server)
	}
	if bytes, known := c.used.get(kind, server); known {
		out <- value(usedDesc, float64(bytes), kind, server)
	}
}

func value(desc *prometheus.Desc, v float64, labels ...string) prometheus.Metric {
	return prometheus.MustNewConstMetric(desc, prometheus.GaugeValue, v, labels...)
}
