package directory

import "atrium.dev/atrium/tenant-app/internal/kernel"

// Show names a person from what a query of another package read: avatar is the column.
func Show(id kernel.ID, name, avatar string, deactivated bool) PersonRef {
	return personJSON{ID: id, Name: name, Avatar: avatar, Deactivated: deactivated}.ref()
}

// SearchQuery turns what was typed into a tsquery on person.search; empty if nothing
// could match.
func SearchQuery(text string) string { return searchQuery(text) }
