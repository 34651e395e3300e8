package privacy

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"time"

	"atrium.dev/atrium/tenant-app/contract"
	"atrium.dev/atrium/tenant-app/internal/authz"
	"atrium.dev/atrium/tenant-app/internal/httpapi"
	"atrium.dev/atrium/tenant-app/internal/kernel"
	"github.com/danielgtaylor/huma/v2"
)

// ReadRight is to see who agreed to what.
const ReadRight = "privacy.read"

// Rights are what roles can give on consents.
var Rights = []authz.Right{
	{Name: ReadRight, Default: map[string]authz.Scope{
		authz.Administrator: authz.ScopeAll, authz.SecurityAdministrator: authz.ScopeAll, authz.AuditAdministrator: authz.ScopeAll,
	}},
}

// ConsentPage is a page of the list, with the edition that it is about.
type ConsentPage struct {
	kernel.Page[ConsentRecord]
	Edition int    `json:"edition" doc:"Of the texts of today"`
	Since   string `json:"since" format:"date" doc:"Day of that edition"`
}

type listOutput struct {
	Body ConsentPage
}

type exportInput struct {
	Format string `query:"format" enum:"xlsx,csv" default:"xlsx"`
}

type fileOutput struct {
	ContentType string `header:"Content-Type"`
	Disposition string `header:"Content-Disposition"`
	Body        []byte
}

var contentTypes = map[string]string{
	"xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", "csv": "text/csv; charset=utf-8",
}

// Register adds the operations. Agreeing is none: it is a form of package auth.
func (s *Service) Register(server *httpapi.Server, settings func() contract.Settings) {
	op := func(id, path, action, summary string) httpapi.Op {
		return httpapi.Op{ID: id, Method: http.MethodGet, Path: path, Tag: "privacy", Action: action, Resource: "consent", Summary: summary, Right: ReadRight}
	}
	httpapi.Register(server, op("list-consents", "/consents", "read", "Who agreed to the user agreement and the privacy policy, and who has not yet"),
		func(ctx context.Context, in *Query) (*listOutput, error) {
			page, err := s.List(ctx, *in)
			return &listOutput{ConsentPage{Page: page, Edition: Edition, Since: Since}}, err
		})
	const path = "/consents/export"
	httpapi.Register(server, op("export-consents", path, "export", "The same as a file"),
		func(ctx context.Context, in *exportInput) (*fileOutput, error) {
			zone, err := time.LoadLocation(settings().Timezone)
			if err != nil {
				return nil, fmt.Errorf("read the company's zone: %w", err)
			}
			raw, err := s.Export(ctx, in.Format, zone)
			return &fileOutput{
				ContentType: contentTypes[in.Format], Body: raw,
				Disposition: fmt.Sprintf(`attachment; filename="consents.%s"; filename*=UTF-8''%s.%[1]s`, in.Format, url.PathEscape("同意记录")),
			}, err
		})
	server.API.OpenAPI().Paths[httpapi.Prefix+path].Get.Responses["200"].Content = map[string]*huma.MediaType{
		"application/octet-stream": {Schema: &huma.Schema{Type: huma.TypeString, Format: "binary"}},
	}
}
