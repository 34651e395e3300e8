package tenant

import (
	"bytes"
	"crypto/rand"
	"regexp"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/types"

	"atrium.dev/atrium/api/v1alpha1"
	"atrium.dev/atrium/internal/fault"
	"atrium.dev/atrium/internal/registry"
)

func TestNewID(t *testing.T) {
	want := regexp.MustCompile(`^[a-z][a-z2-7]{9}$`)
	seen := map[string]bool{}
	for range 2000 {
		id, err := newID(rand.Reader)
		if err != nil || !want.MatchString(id) || seen[id] {
			t.Fatalf("newID = %q, %v; seen before: %v", id, err, seen[id])
		}
		seen[id] = true
	}
	// 0xff gives 7 as the first character, which is no letter: it draws again.
	id, err := newID(bytes.NewReader(append(bytes.Repeat([]byte{0xff}, 10), bytes.Repeat([]byte{0}, 10)...)))
	if err != nil || id != "aaaaaaaaaa" {
		t.Errorf("newID = %q, %v; want aaaaaaaaaa", id, err)
	}
}

func TestChooseRow(t *testing.T) {
	active := entry{"s", registry.Row{ID: "aaaaaaaaaa", State: registry.Active}}
	retained := entry{"s", registry.Row{ID: "bbbbbbbbbb", State: registry.Retained}}
	elsewhere := entry{"z", registry.Row{ID: "dddddddddd", State: registry.Active}}
	again := entry{"z", active.row}
	cases := map[string]struct {
		found  []entry
		adopt  string
		id     string
		reason string
	}{
		"new":                          {nil, "", "", ""},
		"active":                       {[]entry{active}, "", "aaaaaaaaaa", ""},
		"active beside retained":       {[]entry{retained, active}, "", "aaaaaaaaaa", ""},
		"active though none":           {[]entry{active}, "none", "aaaaaaaaaa", ""},
		"active, asked for":            {[]entry{retained, active}, "aaaaaaaaaa", "aaaaaaaaaa", ""},
		"active, another asked for":    {[]entry{active}, "cccccccccc", "", v1alpha1.ReasonAdoptionRefused},
		"active, retained asked for":   {[]entry{active, retained}, "bbbbbbbbbb", "", v1alpha1.ReasonAdoptionRefused},
		"active on two servers":        {[]entry{active, elsewhere}, "", "", v1alpha1.ReasonAdoptionRequired},
		"active on two, none":          {[]entry{active, elsewhere}, "none", "", v1alpha1.ReasonAdoptionRequired},
		"active on two, one asked for": {[]entry{active, elsewhere}, "dddddddddd", "dddddddddd", ""},
		"one row, two DatabaseServers": {[]entry{active, again}, "", "aaaaaaaaaa", ""},
		"retained":                     {[]entry{retained}, "", "", v1alpha1.ReasonAdoptionRequired},
		"retained, asked for":          {[]entry{retained}, "bbbbbbbbbb", "bbbbbbbbbb", ""},
		"retained, declined":           {[]entry{retained}, "none", "", ""},
		"retained, another asked for":  {[]entry{retained}, "cccccccccc", "", v1alpha1.ReasonAdoptionRefused},
		"nothing there, yet asked for": {nil, "bbbbbbbbbb", "", v1alpha1.ReasonAdoptionRefused},
	}
	for name, c := range cases {
		tenant := &v1alpha1.Tenant{Spec: v1alpha1.TenantSpec{Adopt: c.adopt}}
		got, err := choose(c.found, tenant)
		id := ""
		if got != nil {
			id = got.row.ID
		}
		if id != c.id || c.reason == "" && err != nil || c.reason != "" && !fault.Is(err, c.reason) {
			t.Errorf("%s: %q, %v; want %q, %q", name, id, err, c.id, c.reason)
		}
	}
}

func TestServiceName(t *testing.T) {
	cases := map[string]types.NamespacedName{
		"postgres.atrium-system.svc":                 {Namespace: "atrium-system", Name: "postgres"},
		"postgres.atrium-system.svc.cluster.local":   {Namespace: "atrium-system", Name: "postgres"},
		"postgres.atrium-system.svc.cluster.local.":  {Namespace: "atrium-system", Name: "postgres"},
		"pg-0.postgres.atrium-system.svc.my.cluster": {Namespace: "atrium-system", Name: "postgres"},
		"db.example.com":                             {},
		"svc.example.com":                            {},
		"postgres.atrium-system":                     {},
		"10.0.0.1":                                   {},
		"":                                           {},
	}
	for host, want := range cases {
		if got, ok := serviceName(host); got != want || ok != (want != types.NamespacedName{}) {
			t.Errorf("%s: %v, %v; want %v", host, got, ok, want)
		}
	}
}

func FuzzEndpoint(f *testing.F) {
	for _, seed := range []string{"http://minio:9000", "https://s3.example.com", "http://[::1]:9000", "x", "http://a:99999", "http://:80"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, raw string) {
		host, port, err := endpoint(raw)
		if err == nil && (host == "" || port < 0 || port > 65535) {
			t.Errorf("endpoint(%q) = %q, %d", raw, host, port)
		}
		serviceName(host)
	})
}

func TestWithin(t *testing.T) {
	want := map[string]any{"a": "1", "list": []any{map[string]any{"x": int64(1)}}, "none": map[string]any{}}
	cases := map[string]struct {
		have map[string]any
		ok   bool
	}{
		"the same":     {map[string]any{"a": "1", "list": []any{map[string]any{"x": int64(1)}}}, true},
		"more":         {map[string]any{"a": "1", "b": "2", "list": []any{map[string]any{"x": int64(1), "y": "d"}}}, true},
		"another":      {map[string]any{"a": "2", "list": []any{map[string]any{"x": int64(1)}}}, false},
		"an item more": {map[string]any{"a": "1", "list": []any{map[string]any{"x": int64(1)}, map[string]any{}}}, false},
		"an item less": {map[string]any{"a": "1", "list": []any{}}, false},
		"nothing":      {map[string]any{}, false},
	}
	for name, c := range cases {
		if got := within(want, c.have); got != c.ok {
			t.Errorf("%s: %v, want %v", name, got, c.ok)
		}
	}
}

func TestTroubleOfPods(t *testing.T) {
	waitingFor := func(reason string) corev1.ContainerStatus {
		return corev1.ContainerStatus{State: corev1.ContainerState{Waiting: &corev1.ContainerStateWaiting{Reason: reason}}}
	}
	ended := func(code int32, reason string) corev1.ContainerStatus {
		return corev1.ContainerStatus{RestartCount: 2, LastTerminationState: corev1.ContainerState{
			Terminated: &corev1.ContainerStateTerminated{ExitCode: code, Reason: reason},
		}}
	}
	cases := map[string]struct {
		status corev1.ContainerStatus
		reason string
		words  string
	}{
		"starting":       {waitingFor("ContainerCreating"), "", ""},
		"no image":       {waitingFor("ImagePullBackOff"), v1alpha1.ReasonImageUnavailable, "push the image"},
		"no program":     {waitingFor("RunContainerError"), v1alpha1.ReasonCrashing, "office app"},
		"bad settings":   {ended(2, "Error"), v1alpha1.ReasonSettingsInvalid, "--previous"},
		"schema too new": {ended(4, "Error"), v1alpha1.ReasonSchemaTooNew, "later one"},
		"panic":          {ended(1, "Error"), v1alpha1.ReasonCrashing, "exit code 1"},
		"out of memory":  {ended(137, "OOMKilled"), v1alpha1.ReasonCrashing, "limits.memory"},
	}
	s := &scope{plan: &v1alpha1.Plan{}, release: &v1alpha1.Release{}}
	for name, c := range cases {
		err := s.trouble(&corev1.Pod{Status: corev1.PodStatus{ContainerStatuses: []corev1.ContainerStatus{c.status}}})
		if c.reason == "" && err != nil || c.reason != "" && (!fault.Is(err, c.reason) || !strings.Contains(err.Error(), c.words)) {
			t.Errorf("%s: %v, want %s with %q", name, err, c.reason, c.words)
		}
	}
	full := &corev1.Pod{Status: corev1.PodStatus{Conditions: []corev1.PodCondition{
		{Type: corev1.PodScheduled, Status: corev1.ConditionFalse, Reason: corev1.PodReasonUnschedulable, Message: "0/1 nodes"},
	}}}
	if err := s.trouble(full); !fault.Is(err, v1alpha1.ReasonPodsBlocked) {
		t.Errorf("no node: %v, want PodsBlocked", err)
	}
}
