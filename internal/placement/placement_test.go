package placement

import (
	"slices"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"pgregory.net/rapid"

	"atrium.dev/atrium/api/v1alpha1"
)

func TestChoose(t *testing.T) {
	cases := map[string]struct {
		candidates []Candidate
		want       string
		ok         bool
	}{
		"none":             {nil, "", false},
		"the emptiest":     {[]Candidate{{"a", 3, false, true}, {"b", 2, false, true}}, "b", true},
		"first among even": {[]Candidate{{"b", 2, false, true}, {"a", 2, false, true}}, "a", true},
		"cordoned":         {[]Candidate{{"a", 0, true, true}, {"b", 9, false, true}}, "b", true},
		"unreachable":      {[]Candidate{{"a", 0, false, false}, {"b", 9, false, true}}, "b", true},
		"all closed":       {[]Candidate{{"a", 0, true, true}, {"b", 0, false, false}}, "", false},
	}
	for name, c := range cases {
		if got, ok := Choose(c.candidates); got != c.want || ok != c.ok {
			t.Errorf("%s: %q, %v; want %q, %v", name, got, ok, c.want, c.ok)
		}
	}
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
