package contract

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func settings() Settings {
	return Settings{
		TenantID: "k3v9q2m4xa", DisplayName: "云杉科技有限公司", URL: "https://acme.example.com",
		Release: "0.1.0", Locale: "zh-CN", Timezone: "Asia/Shanghai", DataEpoch: 1,
	}
}

func database() Database {
	return Database{
		Host: "db", Port: 5432, Name: "atrium", User: "t_k3v9q2m4xa_app_a", Password: "hunter2-secret",
		Schema: "t_k3v9q2m4xa_1", SSLMode: "verify-full", MaxConns: 8,
	}
}

func bucket() Bucket {
	return Bucket{Endpoint: "http://minio:9000", Name: "demo-k3v9q2m4xa", AccessKey: "a", SecretKey: "hunter2-secret"}
}

func TestCheckNamesTheField(t *testing.T) {
	cases := map[string]struct {
		check error
		want  string // empty: valid
	}{
		"settings":             {settings().Check(), ""},
		"no company":           {with(settings(), func(s *Settings) { s.DisplayName = " " }).Check(), "displayName"},
		"url with path":        {with(settings(), func(s *Settings) { s.URL = "https://a.example/x" }).Check(), "url"},
		"url without scheme":   {with(settings(), func(s *Settings) { s.URL = "a.example" }).Check(), "url"},
		"locale":               {with(settings(), func(s *Settings) { s.Locale = "fr" }).Check(), "locale"},
		"timezone":             {with(settings(), func(s *Settings) { s.Timezone = "Mars/Base" }).Check(), "timezone"},
		"empty timezone":       {with(settings(), func(s *Settings) { s.Timezone = "" }).Check(), "timezone"},
		"epoch":                {with(settings(), func(s *Settings) { s.DataEpoch = 0 }).Check(), "dataEpoch"},
		"egress":               {with(settings(), func(s *Settings) { s.Egress = []EgressRule{{CIDR: "10.0.0.1"}} }).Check(), "egress"},
		"peers":                {with(settings(), func(s *Settings) { s.Peers = &Peers{Host: "office-peers", Port: PortPeers} }).Check(), ""},
		"peers without a host": {with(settings(), func(s *Settings) { s.Peers = &Peers{Port: PortPeers} }).Check(), "peers"},
		"peers without a port": {with(settings(), func(s *Settings) { s.Peers = &Peers{Host: "office-peers"} }).Check(), "peers"},
		"short peers key":      {Keys{Peers: make([]byte, 16)}.Check(), "peers"},
		"first admin":          {with(settings(), func(s *Settings) { s.FirstAdminTokenSHA256 = "abc" }).Check(), "firstAdminTokenSHA256"},
		"database":             {database().Check(), ""},
		"port":                 {with(database(), func(d *Database) { d.Port = 0 }).Check(), "port"},
		"sslMode":              {with(database(), func(d *Database) { d.SSLMode = "prefer" }).Check(), "sslMode"},
		"no connections":       {with(database(), func(d *Database) { d.MaxConns = 0 }).Check(), "maxConns"},
		"bucket":               {bucket().Check(), ""},
		"endpoint, no scheme":  {with(bucket(), func(b *Bucket) { b.Endpoint = "minio:9000" }).Check(), "endpoint"},
		"bucket without a key": {with(bucket(), func(b *Bucket) { b.SecretKey = "" }).Check(), "secretKey"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			switch {
			case c.want == "" && c.check != nil:
				t.Fatalf("valid, but Check says %v", c.check)
			case c.want != "" && (c.check == nil || !strings.Contains(c.check.Error(), c.want)):
				t.Fatalf("Check says %v, want it to name %s", c.check, c.want)
			}
		})
	}
}

func with[T any](value T, change func(*T)) T {
	change(&value)
	return value
}

func TestLoadReadsBackWhatWasWritten(t *testing.T) {
	dir := t.TempDir()
	write(t, dir, FileDatabase, database())
	got, err := LoadDatabase(dir)
	if err != nil || got != database() {
		t.Fatalf("LoadDatabase = %+v, %v", got, err)
	}
}

func TestLoadNeverQuotesASecret(t *testing.T) {
	dir := t.TempDir()
	for _, raw := range []string{
		`{"password":"hunter2-secret"`,
		`{"host":{"hunter2-secret":1}}`,
		`{"host":"","password":"hunter2-secret"}`,
		`"hunter2-secret"`,
	} {
		if err := os.WriteFile(filepath.Join(dir, FileDatabase), []byte(raw), 0o600); err != nil {
			t.Fatal(err)
		}
		_, err := LoadDatabase(dir)
		if err == nil || strings.Contains(err.Error(), "hunter2") {
			t.Errorf("LoadDatabase(%s) = %v, want an error without the secret", raw, err)
		}
	}
}

// An operator that is older than the app mounts no keys; what it mounts has to be usable.
func TestKeysMayBeAbsentButNotBroken(t *testing.T) {
	dir := t.TempDir()
	if keys, err := LoadKeys(dir); err != nil || len(keys.Seal) != 0 {
		t.Errorf("without the file: %d keys, %v", len(keys.Seal), err)
	}
	good := SealKey{ID: "63435bac5b9cbfe5", Key: make([]byte, KeySize)}
	write(t, dir, FileKeys, Keys{Seal: []SealKey{good}})
	if keys, err := LoadKeys(dir); err != nil || len(keys.Seal) != 1 || keys.Seal[0].ID != good.ID {
		t.Errorf("LoadKeys = %d keys, %v", len(keys.Seal), err)
	}
	for what, bad := range map[string]SealKey{"short": {ID: "a", Key: make([]byte, 16)}, "without id": {Key: good.Key}, "with a colon": {ID: "a:b", Key: good.Key}} {
		write(t, dir, FileKeys, Keys{Seal: []SealKey{good, bad}})
		if _, err := LoadKeys(dir); err == nil {
			t.Errorf("a key %s is taken", what)
		}
	}
}

func TestLoadRefusesHugeFile(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, FileSettings), make([]byte, maxSettingsFile+1), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := LoadSettings(dir); err == nil || !strings.Contains(err.Error(), "bytes") {
		t.Fatalf("LoadSettings of a huge file = %v", err)
	}
}

func write(t *testing.T, dir, file string, value any) {
	t.Helper()
	raw, err := json.Marshal(value)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, file), raw, 0o600); err != nil {
		t.Fatal(err)
	}
}

func FuzzLoadDatabase(f *testing.F) {
	raw, _ := json.Marshal(database())
	f.Add(raw)
	f.Add([]byte(`{"port":1e99}`))
	f.Fuzz(func(t *testing.T, raw []byte) {
		dir := t.TempDir()
		if err := os.WriteFile(filepath.Join(dir, FileDatabase), raw, 0o600); err != nil {
			t.Fatal(err)
		}
		if got, err := LoadDatabase(dir); err == nil && got.Check() != nil {
			t.Fatalf("loaded settings that do not pass their own check: %+v", got)
		}
	})
}
