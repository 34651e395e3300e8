package placement

import (
	"slices"
	"strings"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"pgregory.net/rapid"

	"atrium.dev/atrium/api/v1alpha1"
)

func TestChoose(t *testing.T) {
	open := func(name string, tenants int32) Candidate {
		return Candidate{Name: name, Weight: 100, Tenants: tenants}
	}
	with := func(c Candidate, change func(*Candidate)) Candidate { change(&c); return c }
	cases := map[string]struct {
		candidates []Candidate
		labels     map[string]string
		want       string
		why        string // of all that were refused, when none is open
	}{
		"none":                    {nil, nil, "", ""},
		"the emptiest":            {[]Candidate{open("a", 3), open("b", 2)}, nil, "b", ""},
		"first among even":        {[]Candidate{open("b", 2), open("a", 2)}, nil, "a", ""},
		"three times the weight":  {[]Candidate{open("a", 1), with(open("b", 4), func(c *Candidate) { c.Weight = 300 })}, nil, "b", ""},
		"its share is used up":    {[]Candidate{open("a", 1), with(open("b", 5), func(c *Candidate) { c.Weight = 300 })}, nil, "a", ""},
		"without weight":          {[]Candidate{with(open("a", 0), func(c *Candidate) { c.Weight = 0 }), open("b", 50)}, nil, "b", ""},
		"cordoned":                {[]Candidate{with(open("a", 0), func(c *Candidate) { c.Cordoned = true }), open("b", 9)}, nil, "b", ""},
		"unreachable":             {[]Candidate{with(open("a", 0), func(c *Candidate) { c.Unreachable = "DatabaseRefused" }), open("b", 9)}, nil, "b", ""},
		"room for one":            {[]Candidate{with(open("a", 1), func(c *Candidate) { c.Capacity = 2 }), open("b", 9)}, nil, "a", ""},
		"no room":                 {[]Candidate{with(open("a", 2), func(c *Candidate) { c.Capacity = 2 }), open("b", 9)}, nil, "b", ""},
		"nearly full":             {[]Candidate{with(open("a", 0), func(c *Candidate) { c.UsedPercent = 90 }), open("b", 9)}, nil, "a", ""},
		"full":                    {[]Candidate{with(open("a", 0), func(c *Candidate) { c.UsedPercent = 95 }), open("b", 9)}, nil, "b", ""},
		"with the label":          {[]Candidate{open("a", 0), with(open("b", 9), func(c *Candidate) { c.Labels = map[string]string{"tier": "gold", "x": "y"} })}, map[string]string{"tier": "gold"}, "b", ""},
		"an empty label is a one": {[]Candidate{open("a", 0)}, map[string]string{"ssd": ""}, "", "a lacks the label ssd= that the plan asks for"},
		"all closed": {
			[]Candidate{
				with(open("d", 2), func(c *Candidate) { c.Capacity = 2 }), with(open("b", 0), func(c *Candidate) { c.Unreachable = "DatabaseRefused" }),
				with(open("a", 0), func(c *Candidate) { c.Cordoned = true }), with(open("c", 0), func(c *Candidate) { c.UsedPercent = 100 }),
			}, nil, "", "a is cordoned, b cannot be used (DatabaseRefused), c is 100 % full, d has 2 of 2 tenants",
		},
	}
	for name, c := range cases {
		got, refused := Choose(c.candidates, c.labels)
		if got != c.want || Explain(refused) != c.why {
			t.Errorf("%s: %q, refused %q; want %q, %q", name, got, Explain(refused), c.want, c.why)
		}
	}
	many := make([]Candidate, 8)
	for i := range many {
		many[i] = Candidate{Name: string(rune('a' + i)), Cordoned: true}
	}
	if _, refused := Choose(many, nil); len(refused) != 8 || !strings.HasSuffix(Explain(refused), "e is cordoned, and 3 more") {
		t.Errorf("eight refused: %q", Explain(refused))
	}
}

// Tenants that come one after another are spread by weight, whatever the weights:
// none has more than one tenant beyond its share, and capacity is never exceeded.
func TestSharesFollowWeights(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		servers := make([]Candidate, rapid.IntRange(1, 5).Draw(t, "servers"))
		var sum, room int64
		for i := range servers {
			servers[i] = Candidate{Name: string(rune('a' + i)), Weight: rapid.Int32Range(1, 1000).Draw(t, "weight"), Capacity: rapid.Int32Range(0, 20).Draw(t, "capacity")}
			sum += int64(servers[i].Weight)
			if servers[i].Capacity == 0 {
				room = 1 << 30
			}
			room += int64(servers[i].Capacity)
		}
		bounded := slices.ContainsFunc(servers, func(c Candidate) bool { return c.Capacity > 0 })
		tenants := rapid.IntRange(0, 60).Draw(t, "tenants")
		for n := range tenants {
			name, refused := Choose(servers, nil)
			if name == "" {
				if int64(n) < room || len(refused) != len(servers) {
					t.Fatalf("refused tenant %d although there is room for %d: %v", n, room, refused)
				}
				return
			}
			servers[name[0]-'a'].Tenants++
		}
		for _, s := range servers {
			if s.Capacity > 0 && s.Tenants > s.Capacity {
				t.Fatalf("%s has %d tenants, more than %d", s.Name, s.Tenants, s.Capacity)
			}
			if share := int64(tenants)*int64(s.Weight)/sum + int64(len(servers)); !bounded && int64(s.Tenants) > share {
				t.Fatalf("%s has %d of %d tenants, its share is %d of %d", s.Name, s.Tenants, tenants, s.Weight, sum)
			}
		}
	})
}

var site = Site{BaseDomain: "oa.example.com", Scheme: "https", Port: 443}

func TestURL(t *testing.T) {
	cases := map[string]Site{
		"https://a.b":      {"", "https", 443},
		"https://a.b:8443": {"", "https", 8443},
		"http://a.b":       {"", "http", 80},
		"http://a.b:443":   {"", "http", 443},
	}
	for want, s := range cases {
		if got := s.URL("a.b"); got != want {
			t.Errorf("%+v: %s, want %s", s, got, want)
		}
	}
}

func company(name, subdomain string, age int, hosts ...string) v1alpha1.Tenant {
	t := v1alpha1.Tenant{Spec: v1alpha1.TenantSpec{Subdomain: subdomain, Hosts: hosts}}
	t.Name, t.CreationTimestamp = name, metav1.NewTime(time.Unix(int64(1000-age), 0))
	return t
}

func TestAssign(t *testing.T) {
	others := []v1alpha1.Tenant{
		company("old", "", 10, "oa.old.cn"),
		company("young", "", 1, "shared.cn"),
	}
	cases := map[string]struct {
		tenant v1alpha1.Tenant
		hosts  []string
		reason string
	}{
		"by name":                   {company("acme", "", 5), []string{"acme.oa.example.com"}, ""},
		"by subdomain":              {company("acme", "yun", 5, "oa.acme.cn"), []string{"yun.oa.example.com", "oa.acme.cn"}, ""},
		"twice the same":            {company("acme", "", 5, "acme.oa.example.com"), []string{"acme.oa.example.com"}, ""},
		"another's subdomain":       {company("acme", "old", 5), nil, v1alpha1.ReasonHostTaken},
		"another's host":            {company("acme", "", 5, "oa.old.cn"), []string{"acme.oa.example.com"}, v1alpha1.ReasonHostTaken},
		"another's address as host": {company("acme", "", 5, "old.oa.example.com"), []string{"acme.oa.example.com"}, v1alpha1.ReasonHostTaken},
		"the older keeps":           {company("acme", "", 5, "shared.cn"), []string{"acme.oa.example.com", "shared.cn"}, ""},
		"the base domain":           {company("acme", "", 5, "oa.example.com"), []string{"acme.oa.example.com"}, v1alpha1.ReasonHostReserved},
		"a reserved name":           {company("acme", "", 5, "admin.oa.example.com"), []string{"acme.oa.example.com"}, v1alpha1.ReasonHostReserved},
		"too deep":                  {company("acme", "", 5, "a.b.oa.example.com"), []string{"acme.oa.example.com"}, v1alpha1.ReasonHostReserved},
		"only alike":                {company("acme", "", 5, "xoa.example.com"), []string{"acme.oa.example.com", "xoa.example.com"}, ""},
	}
	for name, c := range cases {
		hosts, refused := site.Assign(&c.tenant, others)
		reason := ""
		if len(refused) > 0 {
			reason = refused[0].Reason
		}
		if !slices.Equal(hosts, c.hosts) || reason != c.reason {
			t.Errorf("%s: %v, %q; want %v, %q", name, hosts, reason, c.hosts, c.reason)
		}
	}
}

// Whatever companies claim, no host leads to two of them, and each claim is either
// assigned or refused.
func TestNoHostLeadsToTwo(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		label := rapid.SampledFrom([]string{"a", "b", "c", "www"})
		host := rapid.SampledFrom([]string{"a.oa.example.com", "b.oa.example.com", "x.cn", "y.cn", "www.oa.example.com", "oa.example.com"})
		all := make([]v1alpha1.Tenant, rapid.IntRange(1, 5).Draw(t, "companies"))
		for i := range all {
			all[i] = company(string(rune('k'+i)), label.Draw(t, "subdomain"), rapid.IntRange(0, 2).Draw(t, "age"), rapid.SliceOfN(host, 0, 3).Draw(t, "hosts")...)
		}
		leads := map[string]string{}
		for i := range all {
			hosts, refused := site.Assign(&all[i], all)
			if len(hosts)+len(refused) != len(site.Claims(&all[i])) {
				t.Fatalf("%s claims %v, has %v and is refused %v", all[i].Name, site.Claims(&all[i]), hosts, refused)
			}
			for _, h := range hosts {
				if other := leads[h]; other != "" {
					t.Fatalf("%s leads to %s and %s", h, other, all[i].Name)
				}
				leads[h] = all[i].Name
			}
		}
	})
}
