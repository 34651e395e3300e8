// Command operator makes Tenants true. It holds flags and wiring only.
package main

import (
	"context"
	"crypto/rand"
	"errors"
	"flag"
	"fmt"
	"log/slog"
	"net/netip"
	"os"
	"regexp"
	"strings"
	"time"
	_ "time/tzdata" // schedules of backups follow companies' time zones, and the image has none

	"github.com/go-logr/logr"
	"k8s.io/apimachinery/pkg/labels"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/metrics"

	"atrium.dev/atrium/controllers"
	"atrium.dev/atrium/controllers/tenanthealth"
)

// An installation becomes the beginning of bucket names, which may have 63
// characters; 10 and a hyphen are the tenant's id.
var (
	installationName = regexp.MustCompile(`^[a-z0-9]([-a-z0-9]{0,38}[a-z0-9])?$`)
	domainName       = regexp.MustCompile(`^([a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?[.])*[a-z]([-a-z0-9]{0,61}[a-z0-9])?$`)
)

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "operator:", err)
		os.Exit(1)
	}
}

func run(args []string) error {
	options, err := parse(args)
	if errors.Is(err, flag.ErrHelp) {
		return nil
	}
	if err != nil {
		return err
	}
	ctrl.SetLogger(logr.FromSlogHandler(slog.NewJSONHandler(os.Stderr, nil)))
	ctx, lost := context.WithCancelCause(ctrl.LoggerInto(ctrl.SetupSignalHandler(), ctrl.Log))
	defer lost(nil)
	options.Lost = func(err error) { lost(err) }
	rc, err := ctrl.GetConfig()
	if err != nil {
		return fmt.Errorf("find the cluster: %w; run in a pod, or set KUBECONFIG", err)
	}
	// Its few workers bound what it asks for; how that is shared with others is for the
	// API server's priority and fairness to say, not for a rate here.
	rc.QPS = -1
	manager, err := controllers.New(ctx, rc, options)
	if err != nil {
		return err
	}
	if err := manager.Start(ctx); err != nil {
		return err
	}
	if cause := context.Cause(ctx); !errors.Is(cause, context.Canceled) {
		return cause
	}
	return nil
}

func parse(args []string) (controllers.Options, error) {
	o := controllers.Options{
		Metrics: metrics.Registry, Now: time.Now, Random: rand.Reader, Ask: tenanthealth.OverHTTP(),
	}
	flags := flag.NewFlagSet("operator", flag.ContinueOnError)
	flags.StringVar(&o.Installation, "installation", "", "name of this installation, unique among clusters that share servers (required)")
	flags.StringVar(&o.Site.BaseDomain, "base-domain", "", "domain under which tenants get their addresses (required)")
	flags.StringVar(&o.Site.Scheme, "public-scheme", "https", "http or https, as browsers see it")
	flags.IntVar(&o.Site.Port, "public-port", 443, "port of the addresses, as browsers see it")
	flags.Func("cluster-ranges", "ranges of the cluster's nodes, pods and Services, separated by commas, that are no part of the Internet for companies", func(list string) (err error) {
		o.ClusterRanges, err = ranges(list)
		return err
	})
	flags.StringVar(&o.Namespace, "namespace", "atrium-system", "namespace of the operator, its Secrets and its Lease")
	flags.StringVar(&o.Recipient, "recovery-recipient", "", "age recipient (age1…) that tenants' root keys are wrapped to (required)")
	flags.StringVar(&o.Agent, "agent-image", "", "image of the agent that backs companies up (required)")
	flags.StringVar(&o.Version, "version", "", "version of the platform that backups name")
	flags.BoolVar(&o.LeaderElect, "leader-elect", true, "work only while holding the Lease")
	flags.StringVar(&o.MetricsAddress, "metrics-address", ":8081", "address of /metrics, /healthz and /readyz")
	flags.Func("monitoring-namespaces", "labels (name=value,…) of the namespaces whose pods may read the metrics of companies' apps", func(value string) (err error) {
		o.Monitoring, err = labels.ConvertSelectorToLabelsMap(value)
		return err
	})
	if err := flags.Parse(args); err != nil {
		return o, err
	}
	return o, check(o)
}

func ranges(list string) ([]netip.Prefix, error) {
	var all []netip.Prefix
	for part := range strings.SplitSeq(list, ",") {
		prefix, err := netip.ParsePrefix(strings.TrimSpace(part))
		if err != nil || prefix.Bits() == 0 {
			return nil, fmt.Errorf("%q is no range; write for example 203.0.113.0/24", part)
		}
		all = append(all, prefix.Masked())
	}
	return all, nil
}

func check(o controllers.Options) error {
	switch {
	case !installationName.MatchString(o.Installation):
		return errors.New("--installation must be 1 to 40 lower-case letters, digits and inner hyphens, unique among the clusters that share database servers")
	case !domainName.MatchString(o.Site.BaseDomain) || len(o.Site.BaseDomain) > 189:
		return errors.New("--base-domain must be a lower-case domain such as oa.example.com, short enough for a name of 63 characters before it")
	case o.Site.Scheme != "http" && o.Site.Scheme != "https":
		return errors.New("--public-scheme must be http or https")
	case o.Site.Port < 1 || o.Site.Port > 65535:
		return errors.New("--public-port must be between 1 and 65535")
	case !strings.HasPrefix(o.Recipient, "age1"):
		// It is not quoted: it could be the secret half.
		return errors.New("--recovery-recipient must be the public line age1… of the recovery identity, as `age-keygen -y` prints it")
	case o.Agent == "":
		return errors.New("--agent-image must name the image of the agent, best by digest")
	case o.Namespace == "":
		return errors.New("--namespace must name the operator's namespace")
	}
	return nil
}
