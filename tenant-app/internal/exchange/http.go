package exchange

import (
	"context"
	"fmt"
	"net/http"
	"net/url"

	"atrium.dev/atrium/tenant-app/internal/directory"
	"atrium.dev/atrium/tenant-app/internal/httpapi"
	"github.com/danielgtaylor/huma/v2"
)

const (
	tag  = "exchange"
	kind = "person"
)

type importInput struct {
	MakeMissing bool   `query:"makeMissing" doc:"Make departments and positions that do not exist"`
	RawBody     []byte `contentType:"application/octet-stream"`
}

type reportOutput struct {
	Body ImportReport
}

type fileInput struct {
	Format Format `query:"format" enum:"xlsx,csv" default:"xlsx"`
}

type fileOutput struct {
	ContentType string `header:"Content-Type"`
	Disposition string `header:"Content-Disposition"`
	Body        []byte
}

var contentTypes = map[Format]string{
	XLSX: "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
	CSV:  "text/csv; charset=utf-8",
}

// attachment answers with a file to save.
func attachment(name string, format Format, raw []byte, err error) (*fileOutput, error) {
	if err != nil {
		return nil, err
	}
	// RFC 6266: the plain name is for programs that do not know the other form.
	disposition := fmt.Sprintf(`attachment; filename="people.%s"; filename*=UTF-8''%s.%s`, format, url.PathEscape(name), format)
	return &fileOutput{ContentType: contentTypes[format], Disposition: disposition, Body: raw}, nil
}

// file says in the description of an operation that it answers with a file.
func file(server *httpapi.Server, path, method string) {
	item := server.API.OpenAPI().Paths[httpapi.Prefix+path]
	op := item.Get
	if method == http.MethodPost {
		op = item.Post
	}
	op.Responses["200"].Content = map[string]*huma.MediaType{"application/octet-stream": {Schema: &huma.Schema{Type: huma.TypeString, Format: "binary"}}}
}

// Register adds the operations.
func (s *Service) Register(server *httpapi.Server) {
	s.registerImports(server)
	s.registerFiles(server)
	file(server, "/people/import/failures", http.MethodPost)
	file(server, "/people/import/template", http.MethodGet)
	file(server, "/people/export", http.MethodGet)
}

func (s *Service) registerImports(server *httpapi.Server) {
	httpapi.Register(server, httpapi.Op{
		ID: "check-people-import", Method: http.MethodPost, Path: "/people/import/check", Tag: tag, MaxBody: MaxFileBytes,
		Summary: "Say what an import of this CSV or xlsx file would do, row by row, and do nothing",
		Action:  "import", Resource: kind, Right: directory.ManageRight, SecretReply: true,
	}, func(ctx context.Context, in *importInput) (*reportOutput, error) {
		report, err := s.ImportPeople(ctx, in.RawBody, in.MakeMissing, false)
		return &reportOutput{Body: report}, err
	})
	httpapi.Register(server, httpapi.Op{
		ID: "import-people", Method: http.MethodPost, Path: "/people/import", Tag: tag, MaxBody: MaxFileBytes,
		Summary: "Bring in the good rows of a CSV or xlsx file; the others are reported. Again with the same file it changes nothing",
		Action:  "import", Resource: kind, Right: directory.ManageRight,
	}, func(ctx context.Context, in *importInput) (*reportOutput, error) {
		report, err := s.ImportPeople(ctx, in.RawBody, in.MakeMissing, true)
		return &reportOutput{Body: report}, err
	})
}

func (s *Service) registerFiles(server *httpapi.Server) {
	httpapi.Register(server, httpapi.Op{
		ID: "failed-people-import", Method: http.MethodPost, Path: "/people/import/failures", Tag: tag, MaxBody: MaxFileBytes,
		Summary: "The rows of this file that do not go in, as xlsx with a column 失败原因, to mend and import again",
		Action:  "import", Resource: kind, Right: directory.ManageRight, SecretReply: true,
	}, func(ctx context.Context, in *importInput) (*fileOutput, error) {
		raw, err := s.FailedRows(ctx, in.RawBody, in.MakeMissing)
		return attachment("导入失败", XLSX, raw, err)
	})
	httpapi.Register(server, httpapi.Op{
		ID: "people-import-template", Method: http.MethodGet, Path: "/people/import/template", Tag: tag,
		Summary: "An empty file to fill in", Action: "import", Resource: kind, Right: directory.ManageRight,
	}, func(_ context.Context, in *fileInput) (*fileOutput, error) {
		raw, err := s.Template(in.Format)
		return attachment("人员导入模板", in.Format, raw, err)
	})
	httpapi.Register(server, httpapi.Op{
		ID: "export-people", Method: http.MethodGet, Path: "/people/export", Tag: tag,
		Summary: "Everybody who works here as a file that can be imported again", Action: "export", Resource: kind, Right: directory.ExportRight,
	}, func(ctx context.Context, in *fileInput) (*fileOutput, error) {
		raw, err := s.Export(ctx, in.Format)
		return attachment("通讯录", in.Format, raw, err)
	})
}
