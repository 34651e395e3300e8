// Package directory is the company's people (通讯录): departments as a tree,
// positions, persons, and who was where and when. It also answers who someone is
// to package auth. It decides no rights; how people sign in is not its business.
package directory

import (
	"time"

	"atrium.dev/atrium/tenant-app/internal/kernel"
)

// defaultSort is the place of a person whom nobody placed. Smaller stands first.
const defaultSort = 1000

// Status says whether a person works here.
type Status string

// The statuses of a person.
const (
	Active      Status = "active"
	Deactivated Status = "deactivated" // left, or was switched off: cannot sign in
)

// Ref names a person, department or position.
type Ref struct {
	ID   kernel.ID `json:"id" format:"uuid"`
	Name string    `json:"name"`
}

// PersonRef names a person with what an avatar shows.
type PersonRef struct {
	ID         kernel.ID `json:"id" format:"uuid"`
	Name       string    `json:"name"`
	AvatarText string    `json:"avatarText" doc:"Shown while there is no picture"`
	Avatar     string    `json:"avatar,omitempty" doc:"Path of the picture, if there is one"`
	Status     Status    `json:"status" enum:"active,deactivated"`
	External   bool      `json:"external,omitempty" doc:"外部: belongs to a customer, supplier or partner"`
}

// Post is one membership of a person: a department with a position in it.
type Post struct {
	Department Ref        `json:"department"`
	Position   *Ref       `json:"position,omitempty" doc:"岗位"`
	Primary    bool       `json:"primary" doc:"主部门: a person has exactly one while in any department"`
	From       time.Time  `json:"from"`
	To         *time.Time `json:"to,omitempty" doc:"Absent while it lasts"`
}

// Person is someone in a list.
type Person struct {
	PersonRef
	Pinyin  string `json:"pinyin" doc:"Reading of the name, syllables apart"`
	Initial string `json:"initial" doc:"Letter of the A–Z index, or #"`
	StaffNo string `json:"staffNo,omitempty" doc:"工号"`
	Phone   string `json:"phone,omitempty" doc:"Eleven digits for mainland China, else + and country code"`
	Mail    string `json:"mail,omitempty"`
	Posts   []Post `json:"posts" doc:"Present departments, the primary one first"`
}

// PersonDetail is everything about a person.
type PersonDetail struct {
	Person
	Sort          int         `json:"sort" doc:"显示顺序: smaller stands first; 1000 unless somebody chose"`
	HiredOn       string      `json:"hiredOn,omitempty" format:"date" doc:"入职日期"`
	Manager       *PersonRef  `json:"manager,omitempty" doc:"直属上级"`
	Reports       []PersonRef `json:"reports" doc:"Active persons whose manager this is; at most 200"`
	HeadOf        []Ref       `json:"headOf" doc:"Departments of which the person is a head"`
	History       []Post      `json:"history" doc:"Past memberships, the latest first; at most 200"`
	DeactivatedAt *time.Time  `json:"deactivatedAt,omitempty"`
	CreatedAt     time.Time   `json:"createdAt"`
	Revision      int64       `json:"revision"`
}

// Department is one node of the tree.
type Department struct {
	ID       kernel.ID   `json:"id" format:"uuid"`
	ParentID *kernel.ID  `json:"parentId,omitempty" format:"uuid" doc:"Absent at the top"`
	Name     string      `json:"name"`
	Heads    []PersonRef `json:"heads" doc:"负责人 in order; active persons alone"`
	People   int         `json:"people" doc:"Active persons in this very department"`
	Total    int         `json:"total" doc:"Active persons in it and below, each counted once"`
	Revision int64       `json:"revision"`
}

// Tree is all departments, each after its parent and in the order that somebody chose.
type Tree struct {
	Departments []Department `json:"departments"`
	People      int          `json:"people" doc:"Active persons of the company"`
	Unassigned  int          `json:"unassigned" doc:"Active persons without a department"`
	Deactivated int          `json:"deactivated"`
}

// Position (岗位) is what a person does in a department.
type Position struct {
	ID       kernel.ID `json:"id" format:"uuid" bun:"id"`
	Name     string    `json:"name" bun:"name"`
	People   int       `json:"people" doc:"Active persons who hold it" bun:"people"`
	Revision int64     `json:"revision" bun:"revision"`
}
