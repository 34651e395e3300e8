package pki

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"os"
	"path/filepath"
	"text/template"
)

var kubeconfig = template.Must(template.New("kubeconfig").Parse(`apiVersion: v1
kind: Config
clusters:
- name: atrium
  cluster:
    server: {{.Server}}
    certificate-authority-data: {{.CA}}
users:
- name: {{.User}}
  user:
    client-certificate-data: {{.Cert}}
    client-key-data: {{.Key}}
contexts:
- name: atrium
  context: {cluster: atrium, user: {{.User}}}
current-context: atrium
`))

// Kubeconfig renders a kubeconfig for the client of a leaf.
func (a *Authority) Kubeconfig(server string, leaf Leaf) ([]byte, error) {
	values := map[string]string{"Server": server, "User": leaf.File}
	for field, file := range map[string]string{"CA": "ca.crt", "Cert": leaf.File + ".crt", "Key": leaf.File + ".key"} {
		content, err := os.ReadFile(filepath.Join(a.dir, file))
		if err != nil {
			return nil, fmt.Errorf("render the kubeconfig of %s: %w", leaf.File, err)
		}
		values[field] = base64.StdEncoding.EncodeToString(content)
	}
	var out bytes.Buffer
	err := kubeconfig.Execute(&out, values)
	return out.Bytes(), err
}
