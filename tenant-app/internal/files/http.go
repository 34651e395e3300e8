package files

import (
	"context"
	"encoding/json"
	"mime"
	"net/http"
	"strconv"
	"time"

	"atrium.dev/atrium/tenant-app/internal/httpapi"
	"atrium.dev/atrium/tenant-app/internal/kernel"
	"github.com/go-chi/chi/v5"
)

const (
	partLimit  = 5 * time.Minute  // for one part, at 140 kbit/s
	chunkLimit = 30 * time.Second // for a few kilobytes of a download
	readLimit  = 2 * time.Hour    // for a whole download
)

type uploadOutput struct {
	Body Upload
}

type createInput struct {
	Body struct {
		ID     kernel.ID `json:"id" format:"uuid" doc:"Chosen by the client; the same again is the same upload"`
		Kind   string    `json:"kind" maxLength:"40" doc:"What kind of object it is for, such as message"`
		Name   string    `json:"name" minLength:"1" maxLength:"500"`
		Type   string    `json:"type,omitempty" maxLength:"200" doc:"Media type as the client sees it"`
		Size   int64     `json:"size" minimum:"0" doc:"Bytes"`
		SHA256 string    `json:"sha256" pattern:"^[0-9a-f]{64}$" doc:"Of the whole file"`
	}
}

type idInput struct {
	ID kernel.ID `path:"id" format:"uuid"`
}

// Register adds the operations and the ways that bytes take.
func (s *Service) Register(server *httpapi.Server) {
	const tag = "files"
	httpapi.Register(server, httpapi.Op{
		ID: "create-file", Method: http.MethodPost, Path: "/files", Tag: tag, Action: "create", Resource: "own-file",
		Status: http.StatusCreated, Summary: "Make room for a file; its parts follow by PUT /files/{id}?offset=…",
	}, func(ctx context.Context, in *createInput) (*uploadOutput, error) {
		who, _ := kernel.PrincipalFrom(ctx)
		b := in.Body
		made, err := s.Create(ctx, who.PersonID, NewFile{ID: b.ID, Kind: b.Kind, Name: b.Name, Type: b.Type, Size: b.Size, SHA256: hexSum(b.SHA256)})
		return &uploadOutput{Body: made}, err
	})
	httpapi.Register(server, httpapi.Op{
		ID: "get-file", Method: http.MethodGet, Path: "/files/{id}", Tag: tag, Action: "read", Resource: "attached-file",
		Summary: "What is known of a file, and how far its upload is",
	}, func(ctx context.Context, in *idInput) (*uploadOutput, error) {
		who, _ := kernel.PrincipalFrom(ctx)
		state, err := s.State(ctx, who.PersonID, in.ID)
		return &uploadOutput{Body: state}, err
	})
	server.Router.Put("/files/{id}", s.receive)
	server.Router.Get("/files/{id}/{name}", s.serve)
	server.Router.Head("/files/{id}/{name}", s.serve)
}

// named gives the person behind a request and the file that its path names.
func named(r *http.Request) (who, id kernel.ID, err error) {
	p, signedIn := kernel.PrincipalFrom(r.Context())
	if !signedIn {
		return who, id, kernel.Unauthorized("not_signed_in")
	}
	if id, err = kernel.ParseID(chi.URLParam(r, "id")); err != nil {
		return who, id, errUnknown()
	}
	return p.PersonID, id, nil
}

// receive takes one part.
func (s *Service) receive(w http.ResponseWriter, r *http.Request) {
	who, id, err := named(r)
	if err != nil {
		httpapi.WriteProblem(w, r, err)
		return
	}
	offset, err := strconv.ParseInt(r.URL.Query().Get("offset"), 10, 64)
	if err != nil || r.ContentLength < 0 {
		httpapi.WriteProblem(w, r, kernel.Malformed("part_malformed"))
		return
	}
	// A phone may take longer than any other request is allowed to. Without the request's
	// context: its time is up too soon; a connection that breaks shows in the body.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(r.Context()), partLimit)
	defer cancel()
	wait := http.NewResponseController(w)
	_ = wait.SetReadDeadline(time.Now().Add(partLimit)) // where it is not supported, the server's own limit holds
	_ = wait.SetWriteDeadline(time.Now().Add(partLimit + chunkLimit))
	state, err := s.Receive(ctx, who, id, offset, r.ContentLength, r.Body)
	if err != nil {
		s.problem(ctx, w, r, err)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(state) // the client is gone if this fails
}

// problem answers with an error and logs what the client may not know.
func (s *Service) problem(ctx context.Context, w http.ResponseWriter, r *http.Request, err error) {
	if httpapi.ProblemOf(err).Status >= http.StatusInternalServerError {
		s.log.ErrorContext(ctx, "request failed", "error", err.Error())
	}
	httpapi.WriteProblem(w, r, err)
}

// serve streams a file, or the preview of a picture, to who may read it. Browsers ask
// each time whether they still may; who may and has it already gets no bytes.
func (s *Service) serve(w http.ResponseWriter, r *http.Request) {
	who, id, err := named(r)
	if err != nil {
		httpapi.WriteProblem(w, r, err)
		return
	}
	row, err := s.readable(r.Context(), who, id)
	if err == nil && row.CompletedAt == nil {
		err = errUnknown()
	}
	if err != nil {
		s.problem(r.Context(), w, r, err)
		return
	}
	tag, key, mediaType := hexOf(row.SHA256), row.key(), row.Type
	if r.URL.Query().Has("preview") && row.Preview {
		tag, key, mediaType = tag+"-preview", row.previewKey(), "image/jpeg"
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(r.Context()), readLimit)
	defer cancel()
	reader, err := s.bucket.Open(ctx, key)
	if err != nil {
		s.problem(ctx, w, r, err)
		return
	}
	defer func() { _ = reader.Close() }()
	disposition := "attachment"
	if shown[mediaType] {
		disposition = "inline"
	}
	h := w.Header()
	h.Set("Content-Type", mediaType)
	h.Set("Content-Disposition", mime.FormatMediaType(disposition, map[string]string{"filename": row.Name}))
	h.Set("Content-Security-Policy", "default-src 'none'; sandbox")
	h.Set("Cache-Control", "private, no-cache")
	h.Set("ETag", `"`+tag+`"`)
	http.ServeContent(patient{w, http.NewResponseController(w)}, r, "", *row.CompletedAt, reader)
}

// patient gives a slow reader time as long as it reads at all.
type patient struct {
	http.ResponseWriter
	wait *http.ResponseController
}

func (p patient) Write(b []byte) (int, error) {
	_ = p.wait.SetWriteDeadline(time.Now().Add(chunkLimit)) // where it is not supported, the server's own limit holds
	return p.ResponseWriter.Write(b)
}
