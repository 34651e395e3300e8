package tenant

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"

	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"atrium.dev/atrium/api/v1alpha1"
	"atrium.dev/atrium/tenant-app/contract"
)

type firstAdmin struct{ token string }

// digest is what the app may know of the token.
func (f firstAdmin) digest() string {
	sum := sha256.Sum256([]byte(f.token))
	return hex.EncodeToString(sum[:])
}

// credentials makes the Secrets and settings that the app reads, and gives the
// database's logins the passwords that stand in them. Secrets come first: a
// password that nobody wrote down would lock the app out.
func (r *Reconciler) credentials(ctx context.Context, s *scope) error {
	secrets, err := r.secrets(ctx, s)
	if err != nil {
		return err
	}
	// The bucket's come before the logins: until those are swapped a rotation that
	// was cut off is still due.
	s.rotating = r.rotationDue(s, s.row, secrets)
	if err := r.bucketSecret(ctx, s, secrets); err != nil {
		return err
	}
	if err := r.firstAdminSecret(ctx, s, secrets); err != nil {
		return err
	}
	if err := r.keysSecret(ctx, s, secrets); err != nil {
		return err
	}
	if err := r.settings(ctx, s); err != nil {
		return err
	}
	if s.rotating {
		err = r.rotate(ctx, s, secrets)
	} else {
		err = r.logins(ctx, s, secrets)
	}
	if err != nil {
		return err
	}
	s.wakeForRotation()
	r.remember(s)
	return nil
}

// secrets of the tenant's namespace by name, read at the API server: no Secret is
// kept in memory.
func (r *Reconciler) secrets(ctx context.Context, s *scope) (map[string]*corev1.Secret, error) {
	byName := map[string]*corev1.Secret{}
	if s.boundNow {
		return byName, nil
	}
	var list corev1.SecretList
	if err := r.Live.List(ctx, &list, client.InNamespace(s.namespace), client.MatchingLabels{v1alpha1.LabelTenantID: s.id}); err != nil {
		return nil, fmt.Errorf("read the Secrets of namespace %s: %w", s.namespace, err)
	}
	for i := range list.Items {
		byName[list.Items[i].Name] = &list.Items[i]
	}
	return byName, nil
}

// applySecret writes a Secret unless it is so already.
func (r *Reconciler) applySecret(ctx context.Context, s *scope, live *corev1.Secret, want *corev1.Secret) error {
	if live == nil {
		live = &corev1.Secret{}
	}
	want.Type = corev1.SecretTypeOpaque
	return r.apply(ctx, s, want, live)
}

// firstAdminSecret makes the one-time link of the first administrator. The app gets
// only the token's digest.
func (r *Reconciler) firstAdminSecret(ctx context.Context, s *scope, secrets map[string]*corev1.Secret) error {
	live := secrets[v1alpha1.SecretFirstAdmin]
	if live != nil {
		s.first.token = string(live.Data[v1alpha1.FirstAdminToken])
	}
	if s.first.token == "" {
		var err error
		if s.first.token, err = randomText(r.Random); err != nil {
			return err
		}
	}
	link := s.url + contract.PathFirstAdmin + "?token=" + s.first.token
	want := &corev1.Secret{ObjectMeta: s.meta(v1alpha1.SecretFirstAdmin), Data: map[string][]byte{
		v1alpha1.FirstAdminToken: []byte(s.first.token),
		v1alpha1.FirstAdminURL:   []byte(link),
	}}
	return r.applySecret(ctx, s, live, want)
}

// settings makes settings.json, which holds no secret.
func (r *Reconciler) settings(ctx context.Context, s *scope) error {
	spec := s.tenant.Spec
	value := contract.Settings{
		TenantID: s.id, DisplayName: spec.DisplayName, URL: s.url, Release: s.release.Spec.Version,
		Locale: spec.Locale, Timezone: spec.Timezone, Outbound: Outbound(&s.tenant.Spec), DataEpoch: s.row.DataEpoch,
		FirstAdminTokenSHA256: s.first.digest(),
	}
	if c := spec.AdminContact; c != nil {
		value.AdminContact = contract.Contact{Name: c.Name, Phone: c.Phone, Mail: c.Mail}
	}
	for _, rule := range spec.Egress {
		value.Egress = append(value.Egress, contract.EgressRule{CIDR: rule.CIDR, Ports: rule.Ports})
	}
	if s.several() {
		value.Peers = &contract.Peers{Host: v1alpha1.OfficePeersName, Port: contract.PortPeers}
	}
	raw, err := json.Marshal(value)
	if err != nil {
		return fmt.Errorf("write %s: %w", contract.FileSettings, err)
	}
	return r.apply(ctx, s, &corev1.ConfigMap{
		ObjectMeta: s.meta(v1alpha1.OfficeName), Data: map[string]string{contract.FileSettings: string(raw)},
	}, nil)
}

// read parses a file of a Secret; what is absent or broken is made anew.
func read(secret *corev1.Secret, file string, into any) {
	if secret != nil {
		_ = json.Unmarshal(secret.Data[file], into)
	}
}

// randomText is 32 random bytes as base64url.
func randomText(random io.Reader) (string, error) {
	raw := make([]byte, 32)
	if _, err := io.ReadFull(random, raw); err != nil {
		return "", fmt.Errorf("make a secret: %w", err)
	}
	return base64.RawURLEncoding.EncodeToString(raw), nil
}
