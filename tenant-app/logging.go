package main

import (
	"context"
	"io"
	"log/slog"

	"atrium.dev/atrium/tenant-app/internal/kernel"
)

// newLogger writes JSON lines that carry the request's id.
func newLogger(out io.Writer) *slog.Logger {
	return slog.New(requestHandler{slog.NewJSONHandler(out, nil)})
}

type requestHandler struct{ slog.Handler }

func (h requestHandler) Handle(ctx context.Context, record slog.Record) error {
	if id := kernel.RequestFrom(ctx).ID; id != "" {
		record.AddAttrs(slog.String("request", id))
	}
	return h.Handler.Handle(ctx, record)
}

func (h requestHandler) WithAttrs(attrs []slog.Attr) slog.Handler {
	return requestHandler{h.Handler.WithAttrs(attrs)}
}

func (h requestHandler) WithGroup(name string) slog.Handler {
	return requestHandler{h.Handler.WithGroup(name)}
}
