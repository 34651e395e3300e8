package audit

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"time"

	"atrium.dev/atrium/tenant-app/internal/authz"
	"atrium.dev/atrium/tenant-app/internal/httpapi"
	"atrium.dev/atrium/tenant-app/internal/kernel"
)

// Record is what an auditor sees.
type Record struct {
	ID       kernel.ID      `json:"id"`
	No       int64          `json:"no,omitempty" doc:"Place in the chain; absent within its first minute"`
	Event    string         `json:"event"`
	PersonID *kernel.ID     `json:"personId,omitempty" doc:"Who did it; absent if nobody was signed in"`
	Person   string         `json:"person,omitempty" doc:"Their name then"`
	ObjectID *kernel.ID     `json:"objectId,omitempty" doc:"To what or whom"`
	Object   string         `json:"object,omitempty" doc:"Their name now, if it is a person"`
	Details  map[string]any `json:"details"`
	Address  string         `json:"address,omitempty"`
	Agent    string         `json:"agent,omitempty"`
	Request  string         `json:"request,omitempty" doc:"Id of the request, as in the platform's logs"`
	At       time.Time      `json:"at"`
}

type listInput struct {
	kernel.PageQuery
	Event  string    `query:"event" maxLength:"60"`
	Person kernel.ID `query:"person" format:"uuid" doc:"Who did it"`
	Object kernel.ID `query:"object" format:"uuid"`
	From   time.Time `query:"from"`
	To     time.Time `query:"to"`
}

type listOutput struct {
	Body kernel.Page[Record]
}

type proofOutput struct {
	Body Proof
}

// ReadRight is to read the audit log, which tells of everyone.
const ReadRight = "audit.read"

// Rights are what roles can give on the audit log. 系统管理员 and 安全管理员 are not among
// those who read it: what they do stands there.
var Rights = []authz.Right{
	{Name: ReadRight, Guarded: true, Default: map[string]authz.Scope{authz.Administrator: authz.ScopeAll, authz.AuditAdministrator: authz.ScopeAll}},
}

// Register adds the operations.
func (l *Log) Register(server *httpapi.Server) {
	const tag, kind = "audit", "audit-entry"
	httpapi.Register(server, httpapi.Op{
		ID: "list-audit", Method: http.MethodGet, Path: "/audit", Tag: tag, Action: "read", Resource: kind, Right: ReadRight,
		Summary: "Who did what, newest first",
	}, func(ctx context.Context, in *listInput) (*listOutput, error) {
		page, err := l.List(ctx, in)
		return &listOutput{Body: page}, err
	})
	httpapi.Register(server, httpapi.Op{
		ID: "prove-audit", Method: http.MethodGet, Path: "/audit/proof", Tag: tag, Action: "prove", Resource: kind, Right: ReadRight,
		Summary: "Recompute the chain of the audit log",
	}, func(ctx context.Context, _ *struct{}) (*proofOutput, error) {
		proof, err := l.Prove(ctx)
		return &proofOutput{Body: proof}, err
	})
}

// List gives entries, newest first.
func (l *Log) List(ctx context.Context, in *listInput) (kernel.Page[Record], error) {
	var rows []row
	q := l.db.Q(ctx).NewSelect().Model(&rows).ColumnExpr("entry.*").ColumnExpr("coalesce(p.name, '') AS object").
		Join("LEFT JOIN person AS p ON p.id = entry.object_id").Order("entry.at DESC", "entry.id DESC").Limit(int64(in.Size()) + 1)
	for column, value := range map[string]kernel.ID{"entry.person_id": in.Person, "entry.object_id": in.Object} {
		if value != kernel.NoID {
			q = q.Where(column+" = ?", value)
		}
	}
	if in.Event != "" {
		q = q.Where("entry.event = ?", kernel.CleanText(in.Event))
	}
	if !in.From.IsZero() {
		q = q.Where("entry.at >= ?", in.From)
	}
	if !in.To.IsZero() {
		q = q.Where("entry.at < ?", in.To)
	}
	keys, err := kernel.DecodeCursor(in.Cursor, 2)
	if err != nil {
		return kernel.Page[Record]{}, err
	}
	if keys != nil {
		at, timeErr := time.Parse(time.RFC3339Nano, keys[0])
		id, idErr := kernel.ParseID(keys[1])
		if timeErr != nil || idErr != nil {
			return kernel.Page[Record]{}, kernel.Malformed("cursor_malformed")
		}
		q = q.Where("(entry.at, entry.id) < (?, ?)", at, id)
	}
	if err := q.Scan(ctx); err != nil {
		return kernel.Page[Record]{}, fmt.Errorf("list the audit log: %w", err)
	}
	entries := make([]Record, len(rows))
	for i, r := range rows {
		entries[i] = Record{
			ID: r.ID, No: r.No, Event: r.Event, PersonID: r.PersonID, Person: r.Person, ObjectID: r.ObjectID, Object: r.Object,
			Address: r.Address, Agent: r.Agent, Request: r.Request, At: r.At,
		}
		if err := json.Unmarshal([]byte(r.Details), &entries[i].Details); err != nil {
			return kernel.Page[Record]{}, fmt.Errorf("read an entry of the audit log: %w", err)
		}
	}
	return kernel.NewPage(entries, in.Size(), func(e Record) []string {
		return []string{e.At.UTC().Format(time.RFC3339Nano), e.ID.String()}
	}), nil
}
