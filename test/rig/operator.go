package rig

import (
	"context"
	"crypto/rand"
	"errors"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"github.com/go-logr/logr"
	"github.com/prometheus/client_golang/prometheus"
	"k8s.io/client-go/rest"
	ctrl "sigs.k8s.io/controller-runtime"

	"atrium.dev/atrium/controllers"
	"atrium.dev/atrium/internal/access"
	"atrium.dev/atrium/internal/placement"
	"atrium.dev/atrium/tenant-app/contract"
)

// Wiring is how an operator is made; a test may change it before the start.
type Wiring struct {
	Config  *rest.Config // with the operator's rights
	Options controllers.Options
	// Gate, when not nil, is asked about each act before it is sent.
	Gate func(Act) Verdict
}

// Operator is one operator process of a rig.
type Operator struct {
	Number int // counted from 1 in the order of starts

	rig    *Rig
	gate   func(Act) Verdict
	cut    atomic.Bool
	heard  atomic.Bool // somebody waited for its end
	mu     sync.Mutex
	thawed chan struct{} // not nil while frozen; closed by Thaw
	cancel context.CancelFunc
	ended  chan error
	wait   sync.Once
	err    error
}

// errDead is what a cut operator's clients say.
var errDead = errors.New("this operator is dead")

// Operate starts an operator; r.Stop ends it, as does the end of the test.
func (r *Rig) Operate(change ...func(*Wiring)) *Operator {
	r.T.Helper()
	o := r.launch(change...)
	r.Stop = sync.OnceFunc(func() {
		known := o.heard.Load() // whoever waited for its end judged it
		if err := o.End(); err != nil && !o.cut.Load() && !known {
			r.T.Errorf("the operator ended: %v", err)
		}
	})
	r.T.Cleanup(r.Stop)
	return o
}

// Start runs an operator that is expected to end by itself, and says why it did.
func (r *Rig) Start(change ...func(*Wiring)) error {
	r.T.Helper()
	o := r.launch(change...)
	timer := time.AfterFunc(Patient, o.cancel)
	defer timer.Stop()
	defer o.cancel()
	return o.Wait()
}

func (r *Rig) launch(change ...func(*Wiring)) *Operator {
	r.T.Helper()
	o := &Operator{Number: int(r.operators.Add(1)), rig: r, ended: make(chan error, 1)}
	w := r.wiring(o)
	for _, edit := range change {
		edit(&w)
	}
	o.gate = w.Gate
	ctx, cancel := context.WithCancel(background(r.T))
	o.cancel = cancel
	log := ctrl.Log
	ctx = ctrl.LoggerInto(ctx, log.WithSink(passes{LogSink: log.GetSink()}))
	mgr, err := controllers.New(ctx, w.Config, w.Options)
	Check(r.T, err)
	go func() { o.ended <- mgr.Start(ctx) }()
	return o
}

func (r *Rig) wiring(o *Operator) Wiring {
	config := rest.CopyConfig(r.Config)
	config.Impersonate = rest.ImpersonationConfig{UserName: "system:serviceaccount:" + System + ":" + access.ServiceAccount}
	config.Wrap(func(next http.RoundTripper) http.RoundTripper { return o.through(next, API, apiWrite) })
	return Wiring{Config: config, Options: controllers.Options{
		Installation: r.Installation, Namespace: System, MetricsAddress: "0",
		Site:  placement.Site{BaseDomain: "localhost", Scheme: "http", Port: 8080},
		Agent: AgentImage, Version: "0.1.0", Recipient: Recipient, Metrics: prometheus.NewRegistry(), Now: r.Now.Now, Random: rand.Reader,
		Ask: func(context.Context, string) (contract.Version, error) {
			sick, _ := r.ailment.Load().(ailment)
			return contract.Version{Release: "0.1.0", SchemaVersion: 2}, sick.err
		},
		Tracer: statements{o},
		Wrap:   func(next http.RoundTripper) http.RoundTripper { return o.through(next, S3, s3Call) },
		Lost: func(err error) { // as cmd/operator does
			r.Lost <- err
			o.cancel()
		},
	}}
}

// End asks the operator to end as a SIGTERM does, and waits until it has.
func (o *Operator) End() error {
	o.Thaw()
	o.cancel()
	return o.Wait()
}

// Wait until the operator has ended.
func (o *Operator) Wait() error {
	o.heard.Store(true)
	o.wait.Do(func() { o.err = <-o.ended })
	return o.err
}

// Cut is kill -9: from this instant none of the operator's acts and reads reaches
// a server any more. What is left of the process goes away in the background.
func (o *Operator) Cut() {
	o.cut.Store(true)
	o.cancel()
}

// Freeze is SIGSTOP: what the operator sends from now on waits for Thaw, and it
// hears of no answer and no event.
func (o *Operator) Freeze() {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.thawed == nil {
		o.thawed = make(chan struct{})
	}
}

// Thaw is SIGCONT: all that waited goes on as if nothing had been.
func (o *Operator) Thaw() {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.thawed != nil {
		close(o.thawed)
		o.thawed = nil
	}
}

// Frozen says whether the operator stands still.
func (o *Operator) Frozen() bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.thawed != nil
}

// hold stands still while the operator is frozen.
func (o *Operator) hold() {
	o.mu.Lock()
	thawed := o.thawed
	o.mu.Unlock()
	if thawed != nil {
		<-thawed
	}
}

// passes remembers in a pass's logger whose pass it is.
type passes struct {
	logr.LogSink
	pass Pass
}

// Pass is one look of a controller at an object.
type Pass struct{ Controller, Object string }

// Init implements logr.LogSink; the sink underneath is initialised already.
func (passes) Init(logr.RuntimeInfo) {}

func (p passes) WithValues(values ...any) logr.LogSink {
	for i := 0; i+1 < len(values); i += 2 {
		text, _ := values[i+1].(string)
		switch values[i] {
		case "controller":
			p.pass.Controller = text
		case "name":
			p.pass.Object = text
		}
	}
	p.LogSink = p.LogSink.WithValues(values...)
	return p
}

func (p passes) WithName(name string) logr.LogSink {
	p.LogSink = p.LogSink.WithName(name)
	return p
}

// passOf says in whose pass a call is made; the zero value outside of passes.
func passOf(ctx context.Context) Pass {
	log, err := logr.FromContext(ctx)
	if err != nil {
		return Pass{}
	}
	p, _ := log.GetSink().(passes)
	return p.pass
}
