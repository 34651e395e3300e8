package office

import (
	"context"

	"atrium.dev/atrium/tenant-app/internal/directory"
	"atrium.dev/atrium/tenant-app/internal/kernel"
	"atrium.dev/atrium/tenant-app/internal/search"
	"atrium.dev/atrium/tenant-app/internal/store"
)

// searching makes search know the directory.
func searching(p Parts, jobs *store.Jobs, people *directory.Service) *search.Service {
	return search.New(search.Config{
		DB: p.DB, Clock: p.Clock, Jobs: jobs, Log: p.Log, Pinyin: directory.Pinyin,
		People: func(ctx context.Context, typed string, limit int) ([]search.FoundPerson, error) {
			page, err := people.List(ctx, directory.Filter{Query: typed}, kernel.PageQuery{Limit: limit})
			found := make([]search.FoundPerson, len(page.Items))
			for i, one := range page.Items {
				found[i] = search.FoundPerson{ID: one.ID, Name: one.Name, AvatarText: one.AvatarText, Avatar: one.Avatar}
				if len(one.Posts) > 0 {
					found[i].Department = one.Posts[0].Department.Name
				}
			}
			return found, err
		},
	})
}
