// Package contract is what the two halves of Atrium agree on: the platform that
// runs a company's office app, and the app itself. Both import it; it imports the
// standard library alone. It holds names, shapes and limits, and no behaviour
// beyond reading and checking the settings that pass between the halves.
package contract

// Commands of the app's program.
const (
	CommandServe   = "serve"
	CommandMigrate = "migrate" // with up, status or check
	CommandSeed    = "seed"
)

// Ports of the app. People's traffic and operations are apart, so that the
// gateway, which only knows PortHTTP, can never publish metrics.
const (
	PortHTTP  = 8080
	PortOps   = 8081
	PortPeers = 6222 // other replicas of the same company; closed where there is one
)

// Endpoints on PortOps.
const (
	PathHealth  = "/healthz" // 200 while the process works
	PathReady   = "/readyz"  // 200 once database and schema are usable; 503 with a reason otherwise, and while draining
	PathMetrics = "/metrics" // Prometheus text format
	PathVersion = "/version" // Version as JSON
)

// PathFirstAdmin is where the first administrator of a new company activates an
// account; the query parameter "token" holds the one-time token.
const PathFirstAdmin = "/auth/first"

// PathConsent is where people agree to the user agreement and the privacy policy
// before they use the app. A form there sends the edition that it shows.
const PathConsent = "/auth/consent"

// Headers that the gateway sets and clients cannot: it removes what came in
// under these names first.
const (
	HeaderClient    = "X-Atrium-Client" // the client's IP address, without a port
	HeaderRequestID = "X-Request-Id"    // one id from the gateway to the SQL comment
)

// RequestIDForm is what an id of a request may look like: it stands in logs and in
// SQL, so it holds nothing that could end a line, a string or a comment.
const RequestIDForm = `^[A-Za-z0-9-]{1,64}$`

// Exit codes of the app's program. The operator classes a failed Job by them.
const (
	ExitOK          = 0
	ExitFailure     = 1 // unexpected; the log says what
	ExitUsage       = 2 // settings or arguments are wrong; trying again does not help
	ExitUnavailable = 3 // database or bucket did not answer; trying again helps
	ExitSchema      = 4 // the schema is newer than this program can use
)

// Version is what PathVersion answers.
type Version struct {
	Release       string `json:"release"`             // semantic version without "v"
	SchemaVersion int    `json:"schemaVersion"`       // the schema that is in the database now
	OldestSchema  int    `json:"oldestSchema"`        // oldest that this program runs on
	NewestSchema  int    `json:"newestSchema"`        // newest that this program knows: what migrate up reaches
	NextDue       string `json:"nextDue,omitempty"`   // RFC 3339: when it must be awake next; empty: nothing planned
	DataEpoch     int64  `json:"dataEpoch"`           // grows at each restore
	StartedAt     string `json:"startedAt,omitempty"` // RFC 3339
}
