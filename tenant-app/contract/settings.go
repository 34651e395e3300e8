package contract

import (
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"net/netip"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"time"
)

// DefaultSettingsDir is where the operator mounts the settings.
const DefaultSettingsDir = "/etc/atrium-office"

// Files in the settings folder. Each is JSON and is replaced as a whole; the app
// follows changes without a restart.
const (
	FileSettings = "settings.json" // Settings
	FileDatabase = "database.json" // Database
	FileBucket   = "bucket.json"   // Bucket
	FileKeys     = "keys.json"     // Keys; absent where the operator is older than the app
)

// maxSettingsFile bounds a settings file: a Secret cannot hold more than 1 MiB.
const maxSettingsFile = 1 << 20

// Settings describe the company and how it is reached. They hold no secret.
type Settings struct {
	TenantID    string `json:"tenantID"`    // status.id of the Tenant
	DisplayName string `json:"displayName"` // the company's name, as people write it
	URL         string `json:"url"`         // canonical origin, for example https://acme.example.com
	Release     string `json:"release"`     // the release that the platform meant to run
	Locale      string `json:"locale"`      // zh-CN or en: the language until a person chooses
	Timezone    string `json:"timezone"`    // IANA name, for example Asia/Shanghai
	Outbound    bool   `json:"outbound"`    // false pauses jobs and every outgoing call
	DataEpoch   int64  `json:"dataEpoch"`   // starts at 1 and grows at each restore

	// Egress are addresses that the app may call although they are not public ones.
	Egress []EgressRule `json:"egress,omitempty"`

	// Peers is how the replicas of this company find each other; absent where there is one.
	Peers *Peers `json:"peers,omitempty"`

	// AdminContact is whom a person turns to who cannot sign in. May be empty.
	AdminContact Contact `json:"adminContact"`

	// FirstAdminTokenSHA256 is the hex SHA-256 of the token in the first
	// administrator's one-time link. Empty: no such link is open.
	FirstAdminTokenSHA256 string `json:"firstAdminTokenSHA256,omitempty"`
}

// Contact is a person outside the directory.
type Contact struct {
	Name  string `json:"name,omitempty"`
	Phone string `json:"phone,omitempty"`
	Mail  string `json:"mail,omitempty"`
}

// EgressRule opens TCP ports of a range of addresses, such as 203.0.113.0/24.
type EgressRule struct {
	CIDR  string  `json:"cidr"`
	Ports []int32 `json:"ports"`
}

// Peers says where the other replicas are heard: every address of a host, the replica's
// own among them, at one TCP port. A replica that finds its own listens there as well.
type Peers struct {
	Host string `json:"host"` // of a headless Service, for example office-peers
	Port int    `json:"port"`
}

// Database says how the program reaches its schema. Serve gets a login that can
// change rows, migrate gets one that can take the owner's role.
type Database struct {
	Host     string `json:"host"`
	Port     int    `json:"port"`
	Name     string `json:"name"`
	User     string `json:"user"`
	Password string `json:"password"`
	Schema   string `json:"schema"`         // search_path is set on the login as well
	Role     string `json:"role,omitempty"` // migrate only: the role to take by SET ROLE
	SSLMode  string `json:"sslMode"`        // disable, require, verify-ca or verify-full
	CABundle string `json:"caBundle,omitempty"`
	MaxConns int    `json:"maxConns"` // of one replica
}

// Bucket says how the program reaches its files. Credentials expire and are
// renewed in place; the app reads the file again when it changes or when the
// store refuses.
type Bucket struct {
	Endpoint     string    `json:"endpoint"` // URL with scheme http or https
	Region       string    `json:"region"`
	Name         string    `json:"name"`
	PathStyle    bool      `json:"pathStyle"`
	AccessKey    string    `json:"accessKey"`
	SecretKey    string    `json:"secretKey"`
	SessionToken string    `json:"sessionToken,omitempty"`
	Expires      time.Time `json:"expires,omitzero"`
	CABundle     string    `json:"caBundle,omitempty"`
}

// KeySize is the length of a key, in bytes.
const KeySize = 32

// Keys are what the app seals secrets with, and what its replicas know each other by. They
// come from the company's root key, which the app never sees.
type Keys struct {
	Seal  []SealKey `json:"seal"`            // the first seals, all of them open
	Peers []byte    `json:"peers,omitempty"` // shared by replicas: KeySize bytes, base64 in JSON; absent where the operator is older
}

// SealKey seals with AES-256-GCM.
type SealKey struct {
	ID  string `json:"id"`  // lower-case letters and digits; it stands beside what the key sealed
	Key []byte `json:"key"` // KeySize bytes, base64 in JSON
}

// LoadSettings reads and checks settings.json in dir.
func LoadSettings(dir string) (Settings, error) {
	return load[Settings](dir, FileSettings)
}

// LoadDatabase reads and checks database.json in dir.
func LoadDatabase(dir string) (Database, error) {
	return load[Database](dir, FileDatabase)
}

// LoadBucket reads and checks bucket.json in dir.
func LoadBucket(dir string) (Bucket, error) {
	return load[Bucket](dir, FileBucket)
}

// LoadKeys reads and checks keys.json in dir. Without that file there are none.
func LoadKeys(dir string) (Keys, error) {
	if _, err := os.Stat(filepath.Join(dir, FileKeys)); errors.Is(err, os.ErrNotExist) {
		return Keys{}, nil
	}
	return load[Keys](dir, FileKeys)
}

type checked interface{ Check() error }

func load[T checked](dir, file string) (T, error) {
	var value T
	path := filepath.Join(dir, file)
	info, err := os.Stat(path)
	if err != nil {
		return value, fmt.Errorf("read settings: %w; mount the settings folder or pass --settings", err)
	}
	if info.Size() > maxSettingsFile {
		return value, fmt.Errorf("read settings: %s has %d bytes, more than the %d that a settings file may have", path, info.Size(), maxSettingsFile)
	}
	raw, err := os.ReadFile(path)
	if err != nil {
		return value, fmt.Errorf("read settings: %w", err)
	}
	// The parser's own message may quote what it read, and that can be a password.
	if err := json.Unmarshal(raw, &value); err != nil {
		return value, fmt.Errorf("read settings: %s is not the JSON object that package contract describes", path)
	}
	if err := value.Check(); err != nil {
		return value, fmt.Errorf("read settings: %s: %w", path, err)
	}
	return value, nil
}

// Check reports every field that is missing or malformed.
func (s Settings) Check() error {
	var errs []error
	errs = append(errs, required("tenantID", s.TenantID), required("displayName", s.DisplayName), required("release", s.Release))
	if u, err := url.Parse(s.URL); err != nil || (u.Scheme != "http" && u.Scheme != "https") || u.Host == "" || strings.Trim(u.Path, "/") != "" {
		errs = append(errs, errors.New("url must be an origin such as https://acme.example.com"))
	}
	if s.Locale != "zh-CN" && s.Locale != "en" {
		errs = append(errs, errors.New("locale must be zh-CN or en"))
	}
	if _, err := time.LoadLocation(s.Timezone); err != nil || s.Timezone == "" {
		errs = append(errs, errors.New("timezone must be an IANA name such as Asia/Shanghai"))
	}
	if s.DataEpoch < 1 {
		errs = append(errs, errors.New("dataEpoch must be at least 1"))
	}
	for _, rule := range s.Egress {
		if _, err := netip.ParsePrefix(rule.CIDR); err != nil {
			errs = append(errs, errors.New("egress must name ranges such as 203.0.113.0/24"))
		}
	}
	if s.Peers != nil && (strings.TrimSpace(s.Peers.Host) == "" || s.Peers.Port < 1 || s.Peers.Port > 65535) {
		errs = append(errs, errors.New("peers must name a host and a port between 1 and 65535"))
	}
	if s.FirstAdminTokenSHA256 != "" {
		if sum, err := hex.DecodeString(s.FirstAdminTokenSHA256); err != nil || len(sum) != 32 {
			errs = append(errs, errors.New("firstAdminTokenSHA256 must be 64 hexadecimal digits"))
		}
	}
	return errors.Join(errs...)
}

// Check reports every field that is missing or malformed.
func (d Database) Check() error {
	errs := []error{
		required("host", d.Host), required("name", d.Name), required("user", d.User),
		required("password", d.Password), required("schema", d.Schema),
	}
	if d.Port < 1 || d.Port > 65535 {
		errs = append(errs, errors.New("port must be between 1 and 65535"))
	}
	switch d.SSLMode {
	case "disable", "require", "verify-ca", "verify-full":
	default:
		errs = append(errs, errors.New("sslMode must be disable, require, verify-ca or verify-full"))
	}
	if d.MaxConns < 1 {
		errs = append(errs, errors.New("maxConns must be at least 1"))
	}
	return errors.Join(errs...)
}

// Check reports every field that is missing or malformed.
func (b Bucket) Check() error {
	errs := []error{required("name", b.Name), required("accessKey", b.AccessKey), required("secretKey", b.SecretKey)}
	if u, err := url.Parse(b.Endpoint); err != nil || (u.Scheme != "http" && u.Scheme != "https") || u.Host == "" {
		errs = append(errs, errors.New("endpoint must be a URL such as https://minio.example.com:9000"))
	}
	return errors.Join(errs...)
}

var keyID = regexp.MustCompile(`^[a-z0-9]{1,64}$`)

// Check reports keys that cannot be used.
func (k Keys) Check() error {
	for _, key := range k.Seal {
		if !keyID.MatchString(key.ID) || len(key.Key) != KeySize {
			return fmt.Errorf("seal must list keys of %d bytes, each with an id of lower-case letters and digits", KeySize)
		}
	}
	if len(k.Peers) != 0 && len(k.Peers) != KeySize {
		return fmt.Errorf("peers must be %d bytes", KeySize)
	}
	return nil
}

func required(field, value string) error {
	if strings.TrimSpace(value) == "" {
		return fmt.Errorf("%s is missing", field)
	}
	return nil
}
