package main

import (
	"context"
	"encoding/base64"
	"fmt"
	"strings"
)

// goodbye prints what there is now and what to do with it.
func goodbye(ctx context.Context, t *target, companies []tenant) error {
	list, err := t.kubectl(ctx, "", "get", "tenants")
	if err != nil {
		return err
	}
	fmt.Printf("\n%s\nOpen in a browser, and become each company's first administrator (the link works once):\n", list)
	for _, company := range companies {
		link, err := t.firstLink(ctx, company)
		if err != nil {
			return err
		}
		fmt.Printf("  %s  %s\n    %s\n", company.Spec.DisplayName, company.Status.URL, link)
	}
	fmt.Print("\nTry next:\n")
	if t.kubeconfig != "" {
		fmt.Printf("  export KUBECONFIG=%s PATH=%s:$PATH\n", t.kubeconfig, strings.TrimSuffix(t.kubectlPath, "/kubectl"))
	}
	fmt.Printf(`  kubectl describe tenant %[1]s
  kubectl explain tenant.spec
  kubectl apply -f config/samples/tenantbackup.yaml   # then: kubectl get tenantbackups; docs/operations.md, "Restore"
  kubectl --namespace %[2]s get all
  make demo-down

The identity that recovers the companies' root keys after the loss of the cluster is %[3]s;
for companies of your own, keep it off the machine (docs/operations.md, "Keys and their recovery").
`, companies[0].Metadata.Name, companies[0].Status.Namespace, t.identity)
	return nil
}

// firstLink reads the first administrator's link from the company's namespace.
func (t *target) firstLink(ctx context.Context, company tenant) (string, error) {
	var secret struct{ Data map[string]string }
	if err := t.get(ctx, &secret, "secret", "first-admin", "--namespace="+company.Status.Namespace); err != nil {
		return "", err
	}
	link, err := base64.StdEncoding.DecodeString(secret.Data["url"])
	if err != nil {
		return "", fmt.Errorf("read the first administrator's link of %s: %w", company.Metadata.Name, err)
	}
	return string(link), nil
}
