package scale

import (
	"bufio"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"k8s.io/client-go/tools/clientcmd"
	clientcmdapi "k8s.io/client-go/tools/clientcmd/api"

	"atrium.dev/atrium/test/env"
	"atrium.dev/atrium/test/rig"
)

// resident is the most memory that an operator of 200 companies may have.
const resident = 100 << 20

// process runs the operator's own program over the companies that there are, and
// asks it for its memory.
func process(t *testing.T, r *rig.Rig, count int) {
	t.Helper()
	root, err := env.Repository()
	rig.Check(t, err)
	program, kubeconfig := filepath.Join(t.TempDir(), "operator"), filepath.Join(t.TempDir(), "kubeconfig")
	build := exec.CommandContext(t.Context(), "go", "build", "-o", program, "./cmd/operator")
	build.Dir = root
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("build the operator: %v\n%s", err, out)
	}
	rig.Check(t, clientcmd.WriteToFile(clientcmdapi.Config{
		Clusters:  map[string]*clientcmdapi.Cluster{"rig": {Server: r.Config.Host, CertificateAuthorityData: r.Config.CAData}},
		AuthInfos: map[string]*clientcmdapi.AuthInfo{"rig": {ClientCertificateData: r.Config.CertData, ClientKeyData: r.Config.KeyData}},
		Contexts:  map[string]*clientcmdapi.Context{"rig": {Cluster: "rig", AuthInfo: "rig"}}, CurrentContext: "rig",
	}, kubeconfig))
	l, err := net.Listen("tcp", "127.0.0.1:0")
	rig.Check(t, err, l.Close())
	cmd := exec.Command(program, "--installation="+r.Installation, "--base-domain=localhost", "--public-scheme=http", "--public-port=8080",
		"--recovery-recipient="+rig.Recipient, "--leader-elect=false", "--metrics-address="+l.Addr().String())
	cmd.Env = append(os.Environ(), "KUBECONFIG="+kubeconfig)
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	rig.Check(t, cmd.Start())
	defer func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
	}()
	figure := func(name string) (sum float64) {
		answer, err := http.Get("http://" + l.Addr().String() + "/metrics")
		if err != nil {
			return 0
		}
		defer func() { _ = answer.Body.Close() }()
		for lines := bufio.NewScanner(answer.Body); lines.Scan(); {
			if fields := strings.Fields(lines.Text()); len(fields) == 2 && strings.HasPrefix(fields[0], name) {
				value, _ := strconv.ParseFloat(fields[1], 64)
				sum += value
			}
		}
		return sum
	}
	r.Eventually("the program has looked at every company", func() bool {
		return figure(`controller_runtime_reconcile_total{controller="tenant"`) >= float64(count)
	}, func() string { return "" })
	bytes := figure("process_resident_memory_bytes")
	t.Logf("the operator's program with %d companies: %.1f MB resident", count, bytes/(1<<20))
	if bytes > resident {
		t.Errorf("%.1f MB resident, more than %d", bytes/(1<<20), resident>>20)
	}
}
