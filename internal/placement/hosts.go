package placement

import (
	"cmp"
	"fmt"
	"net"
	"slices"
	"strconv"
	"strings"

	"atrium.dev/atrium/api/v1alpha1"
)

// Site is how the installation is reached from outside.
type Site struct {
	BaseDomain string // for example oa.example.com
	Scheme     string // http or https
	Port       int    // as browsers see it
}

// URL is the origin of a host; the port is left out where the scheme implies it.
func (s Site) URL(host string) string {
	if s.Scheme == "https" && s.Port == 443 || s.Scheme == "http" && s.Port == 80 {
		return s.Scheme + "://" + host
	}
	return s.Scheme + "://" + net.JoinHostPort(host, strconv.Itoa(s.Port))
}

// Host is the canonical host name of a tenant.
func (s Site) Host(t *v1alpha1.Tenant) string {
	return cmp.Or(t.Spec.Subdomain, t.Name) + "." + s.BaseDomain
}

// Claims are the host names that a tenant asks for, the canonical one first,
// each once.
func (s Site) Claims(t *v1alpha1.Tenant) []string {
	claims := []string{s.Host(t)}
	for _, host := range t.Spec.Hosts {
		if !slices.Contains(claims, host) {
			claims = append(claims, host)
		}
	}
	return claims
}

// Refused is a host name that a tenant asked for and does not get.
type Refused struct {
	Host    string
	Reason  string // HostTaken or HostReserved
	Message string
}

// Assign decides which of the tenant's claims are its own. Where two tenants claim
// one name, the older has it, and the first by name among those of one age, so that
// nobody can take a name from a company that uses it.
func (s Site) Assign(t *v1alpha1.Tenant, others []v1alpha1.Tenant) (hosts []string, refused []Refused) {
	for _, host := range s.Claims(t) {
		if why, reserved := s.reserved(host); reserved {
			refused = append(refused, Refused{host, v1alpha1.ReasonHostReserved, why})
			continue
		}
		i := slices.IndexFunc(others, func(o v1alpha1.Tenant) bool {
			return o.Name != t.Name && olderThan(&o, t) && slices.Contains(s.Claims(&o), host)
		})
		if i >= 0 {
			refused = append(refused, Refused{host, v1alpha1.ReasonHostTaken, fmt.Sprintf(
				"%s belongs to tenant %s: take it out of spec.hosts there, or choose another subdomain or host here", host, others[i].Name)})
			continue
		}
		hosts = append(hosts, host)
	}
	return hosts, refused
}

// reserved holds for the base domain itself and for the reserved names under it.
// What lies deeper under it is refused too: no certificate for the base domain
// covers it.
func (s Site) reserved(host string) (string, bool) {
	if host == s.BaseDomain {
		return fmt.Sprintf("%s is the platform's own address: choose a name under it", host), true
	}
	label, under := strings.CutSuffix(host, "."+s.BaseDomain)
	switch {
	case !under:
		return "", false
	case slices.Contains(v1alpha1.ReservedSubdomains, label):
		return fmt.Sprintf("%s is kept for the platform: choose another name", host), true
	case strings.Contains(label, "."):
		return fmt.Sprintf("%s lies deeper than one name under %s: choose <name>.%s", host, s.BaseDomain, s.BaseDomain), true
	}
	return "", false
}

func olderThan(a, b *v1alpha1.Tenant) bool {
	at, bt := a.CreationTimestamp.Time, b.CreationTimestamp.Time
	return at.Before(bt) || at.Equal(bt) && a.Name < b.Name
}
