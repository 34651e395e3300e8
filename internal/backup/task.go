package backup

import (
	"time"

	"atrium.dev/atrium/tenant-app/contract"
)

// Commands of the agent. It reads TaskFile from the folder that it is given.
const (
	CommandBackup  = "backup"
	CommandRestore = "restore" // without a Bucket in its Task objects are read and compared, not written: a drill
	CommandVerify  = "verify"  // reads and compares all of a backup, needs neither Database nor Bucket
	CommandProve   = "prove"   // asks an app that is served on what a restore brought; its folder holds ProofFile instead
	TaskFile       = "task.json"
	ProofFile      = "proof.json"
	TaskDir        = "/etc/atrium-agent" // where the Job mounts it
)

// Task is what the agent is told, as JSON in a Secret of the tenant's namespace that
// lives as long as its Job.
type Task struct {
	Backup          string `json:"backup"` // name of the TenantBackup
	TenantID        string `json:"tenantID"`
	Tenant          string `json:"tenant"`
	Installation    string `json:"installation"`
	Release         string `json:"release"`
	SchemaVersion   int    `json:"schemaVersion"`
	OperatorVersion string `json:"operatorVersion"`
	KeyID           string `json:"keyID"`

	// Database is read with the login _backup, or written to by a restore with one that
	// may take the owner's role. Bucket is the tenant's, Store that of its backups.
	Database contract.Database `json:"database"`
	Bucket   contract.Bucket   `json:"bucket"`
	Store    contract.Bucket   `json:"store"`

	Generation string `json:"generation"`
	Password   string `json:"password"` // of the generation
	Full       bool   `json:"full,omitempty"`
	// Previous is the backup that this one goes on from: objects that it lists are
	// not read again. Empty: none. An incremental's is in the same generation.
	Previous Former  `json:"previous,omitzero"`
	Epoch    Epoch   `json:"epoch,omitzero"`   // backup: where new objects go
	Sign     []byte  `json:"sign,omitempty"`   // backup: Ed25519 seed
	Verify   []byte  `json:"verify"`           // Ed25519 public key
	Epochs   []Epoch `json:"epochs,omitempty"` // restore: all that the manifest names
}

// Proof is what the agent is to find at an app, as JSON.
type Proof struct {
	Office        string `json:"office"` // origin of people's port
	Ops           string `json:"ops"`    // origin of the port for operations
	Host          string `json:"host"`   // by which people know the company
	Origin        string `json:"origin"` // of its page
	Release       string `json:"release"`
	SchemaVersion int    `json:"schemaVersion"`
}

// Former is how an earlier backup is opened.
type Former struct {
	Backup   string `json:"backup"`
	Password string `json:"password"` // of its generation
}

// Epoch of objects. A backup knows the recipient alone.
type Epoch struct {
	ID        string `json:"id"`
	Recipient string `json:"recipient"`
	Identity  string `json:"identity,omitempty"`
}

// Progress is what the agent writes to the store every ProgressEvery.
type Progress struct {
	Step       string    `json:"step"` // one of the Step constants
	At         time.Time `json:"at"`
	ReadBytes  int64     `json:"readBytes"`
	Tables     int       `json:"tables"` // finished
	TablesAll  int       `json:"tablesAll"`
	Objects    int64     `json:"objects"` // finished
	ObjectsAll int64     `json:"objectsAll"`
}

// Steps of the agent.
const (
	StepObjects   = "Objects"
	StepRows      = "Rows"
	StepSchema    = "Schema" // pg_dump --schema-only
	StepIndexes   = "Indexes"
	StepComparing = "Comparing"
)

// ProgressEvery is how often the agent tells how far it is.
const ProgressEvery = 10 * time.Second

// Exit codes of the agent beside those of the contract.
const (
	ExitDiffers = 10 // what came back is not what the manifest says; nothing of it may be used
	ExitBroken  = 11 // the backup is not whole: a file is missing, changed or cut off
)

// Outcome is the agent's last word, at most 4,096 bytes: the termination message of its
// container. It holds no secret.
type Outcome struct {
	Message  string    `json:"message,omitempty"` // what was attempted, what went wrong, what to do
	Restored *Restored `json:"restored,omitempty"`
}

// Restored is what a restore has compared.
type Restored struct {
	Tables  int   `json:"tables"`
	Rows    int64 `json:"rows"`
	Objects int64 `json:"objects"`
	Bytes   int64 `json:"bytes"`
}
