package auth

import "atrium.dev/atrium/tenant-app/internal/httpapi"

func (s *Service) registerPages(server *httpapi.Server) {}
