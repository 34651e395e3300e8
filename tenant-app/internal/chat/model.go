// Package chat is the company's messages (消息): rooms of two, groups, rooms of a
// department, a room with oneself and the rooms of assistants. Order is a room's
// sequence, taken in the transaction that stores the message; who has read what is one
// cursor a member; a person sees the messages of the time in which they belonged to the
// room, and nothing else decides that. What reaches open pages is package live's.
package chat

import (
	"encoding/json"
	"time"

	"atrium.dev/atrium/tenant-app/internal/kernel"
)

// RoomKind says what a room is.
type RoomKind string

// The kinds of rooms.
const (
	Direct     RoomKind = "direct"     // two persons
	Group      RoomKind = "group"      // whoever was invited
	Department RoomKind = "department" // the people of a department and of those below it
	Self       RoomKind = "self"       // 文件传输助手
	Assistant  RoomKind = "assistant"  // a module writes to one person
)

// Kind says what a message is.
type Kind string

// The kinds of messages.
const (
	Text    Kind = "text"
	File    Kind = "file"
	Picture Kind = "picture"
	Voice   Kind = "voice"
	Forward Kind = "forward" // several messages of another room, merged
	Card    Kind = "card"    // something of another module, with its present state
	System  Kind = "system"  // somebody joined, left, renamed
)

// Limits.
const (
	maxText      = 10_000 // characters
	maxName      = 60
	maxNotice    = 2_000
	maxMembers   = 2_000
	maxMentions  = 200
	maxFiles     = 20
	maxEmojis    = 20 // different ones on a message
	maxForward   = 100
	maxForwardTo = 20
	maxBatch     = 64 // posts that share a transaction
	maxPage      = 50
	firstMembers = 12 // shown with a room

	editLimit   = 24 * time.Hour
	recallLimit = 24 * time.Hour
	nudgePause  = 10 * time.Minute
)

// Participant is who wrote or belongs.
type Participant struct {
	ID         kernel.ID `json:"id" format:"uuid"`
	Name       string    `json:"name"`
	AvatarText string    `json:"avatarText" doc:"Shown while there is no picture"`
	Avatar     string    `json:"avatar,omitempty" doc:"Path of the picture"`
	External   bool      `json:"external,omitempty" doc:"外部: belongs to another organisation"`
	Left       bool      `json:"left,omitempty" doc:"Deactivated"`
}

// RoomNotice (群公告) stands on top of a room.
type RoomNotice struct {
	Text string      `json:"text"`
	By   Participant `json:"by"`
	At   time.Time   `json:"at"`
}

// Room is a room as one of its members sees it.
type Room struct {
	ID            kernel.ID    `json:"id" format:"uuid"`
	Kind          RoomKind     `json:"kind" enum:"direct,group,department,self,assistant"`
	Name          string       `json:"name" doc:"Of a direct room: the other's name; of self and assistant: a key that the page translates"`
	AvatarText    string       `json:"avatarText,omitempty"`
	Avatar        string       `json:"avatar,omitempty"`
	DepartmentID  *kernel.ID   `json:"departmentId,omitempty" format:"uuid"`
	OwnerID       *kernel.ID   `json:"ownerId,omitempty" format:"uuid" doc:"群主"`
	Peer          *Participant `json:"peer,omitempty" doc:"The other one of a direct room"`
	Notice        *RoomNotice  `json:"notice,omitempty" doc:"群公告; only with a single room"`
	Members       int          `json:"members" doc:"Who belong now"`
	First         []RoomMember `json:"first,omitempty" doc:"The first twelve members; only with a single room"`
	External      bool         `json:"external" doc:"Somebody of another organisation belongs"`
	LastSeq       int64        `json:"lastSeq"`
	LastAt        time.Time    `json:"lastAt"`
	ReadSeq       int64        `json:"readSeq" doc:"How far I have read"`
	Unread        int          `json:"unread" doc:"Messages of others after it; 1000 means so many or more"`
	Mentions      int          `json:"mentions" doc:"Those of them that mention me or everyone"`
	Urgent        int          `json:"urgent" doc:"Urgent messages that I have not acknowledged"`
	Pinned        bool         `json:"pinned"`
	Muted         bool         `json:"muted"`
	LastMessage   *LastMessage `json:"lastMessage,omitempty"`
	MaySpeak      bool         `json:"maySpeak"`
	MayMentionAll bool         `json:"mayMentionAll"`
	MayManage     bool         `json:"mayManage" doc:"May rename, write the notice, take people out"`
	MayInvite     bool         `json:"mayInvite"`
}

// LastMessage is the end of a room in a list.
type LastMessage struct {
	ID         kernel.ID    `json:"id" format:"uuid"`
	Seq        int64        `json:"seq"`
	Kind       Kind         `json:"kind" enum:"text,file,picture,voice,forward,card,system"`
	Text       string       `json:"text" doc:"The first hundred characters"`
	FileName   string       `json:"fileName,omitempty"`
	Author     *Participant `json:"author,omitempty"`
	System     *Happening   `json:"system,omitempty"`
	At         time.Time    `json:"at"`
	RecalledAt *time.Time   `json:"recalledAt,omitempty"`
}

// RoomMember belongs to a room.
type RoomMember struct {
	Person Participant `json:"person"`
	Role   string      `json:"role" enum:"owner,member"`
}

// Message is a message as one member sees it.
type Message struct {
	ID          kernel.ID    `json:"id" format:"uuid"`
	RoomID      kernel.ID    `json:"roomId" format:"uuid"`
	Seq         int64        `json:"seq" doc:"Place in the room; of a reply in a thread: place in the thread"`
	Kind        Kind         `json:"kind" enum:"text,file,picture,voice,forward,card,system"`
	Author      *Participant `json:"author,omitempty" doc:"Absent: an assistant"`
	Text        string       `json:"text"`
	At          time.Time    `json:"at"`
	EditedAt    *time.Time   `json:"editedAt,omitempty"`
	RecalledAt  *time.Time   `json:"recalledAt,omitempty" doc:"撤回: nothing of the content is left"`
	Mentions    []Named      `json:"mentions"`
	All         bool         `json:"all,omitempty" doc:"@所有人"`
	MentionsMe  bool         `json:"mentionsMe,omitempty"`
	Quote       *Quote       `json:"quote,omitempty"`
	Files       []Attached   `json:"files"`
	Reactions   []Reaction   `json:"reactions"`
	ReadCount   int          `json:"readCount" doc:"已读; with my own messages only"`
	UnreadCount int          `json:"unreadCount" doc:"未读, of those who belonged when it was sent; with my own messages only"`
	Receipt     *Receipt     `json:"receipt,omitempty" doc:"Present if a receipt is asked for"`
	Urgent      *Urgent      `json:"urgent,omitempty" doc:"Present if it must be acknowledged"`
	Thread      *Thread      `json:"thread,omitempty"`
	Card        *CardData    `json:"card,omitempty"`
	Merged      *Merged      `json:"forward,omitempty" doc:"Messages that were forwarded as one"`
	System      *Happening   `json:"system,omitempty"`
	Later       bool         `json:"later,omitempty" doc:"稍后处理"`
	Revision    int64        `json:"revision"`
}

// Named is somebody who is mentioned.
type Named struct {
	ID   kernel.ID `json:"id" format:"uuid"`
	Name string    `json:"name"`
}

// Quote is the message to which another one answers. One that the reader may not see
// has an id alone.
type Quote struct {
	ID       kernel.ID    `json:"id" format:"uuid"`
	Seq      int64        `json:"seq,omitempty"`
	Kind     Kind         `json:"kind,omitempty"`
	Author   *Participant `json:"author,omitempty"`
	Text     string       `json:"text,omitempty" doc:"The first two hundred characters"`
	FileName string       `json:"fileName,omitempty"`
	Recalled bool         `json:"recalled,omitempty"`
}

// Attached is a file of a message.
type Attached struct {
	ID      kernel.ID `json:"id" format:"uuid"`
	Name    string    `json:"name"`
	Type    string    `json:"type"`
	Size    int64     `json:"size" doc:"Bytes"`
	Width   int       `json:"width,omitempty"`
	Height  int       `json:"height,omitempty"`
	URL     string    `json:"url" doc:"Path of its content"`
	Preview string    `json:"preview,omitempty" doc:"Path of a small picture"`
}

// Reaction is an emoji and how many chose it.
type Reaction struct {
	Emoji string `json:"emoji"`
	Count int    `json:"count"`
	Mine  bool   `json:"mine"`
}

// Receipt is the roll-up of what was answered to a message that asks.
type Receipt struct {
	Asked    bool   `json:"asked"`
	Mine     string `json:"mine,omitempty" enum:"received,working,done"`
	Received int    `json:"received" doc:"已收到"`
	Working  int    `json:"working" doc:"处理中"`
	Done     int    `json:"done" doc:"已完成"`
	Waiting  int    `json:"waiting" doc:"No answer yet; with my own messages only"`
}

// Urgent is the roll-up of who has acknowledged.
type Urgent struct {
	Acknowledged bool `json:"acknowledged" doc:"By me, or it is mine"`
	Count        int  `json:"count" doc:"So many have"`
	Waiting      int  `json:"waiting" doc:"So many have not; with my own messages only"`
}

// Thread is where a message stands in one.
type Thread struct {
	Root    *kernel.ID `json:"root,omitempty" format:"uuid" doc:"Of a reply: the message that began the thread"`
	Replies int64      `json:"replies,omitempty" doc:"Of the first message"`
	LastSeq int64      `json:"lastSeq,omitempty"`
	ReadSeq int64      `json:"readSeq,omitempty" doc:"How far I have read it"`
}

// CardData is what a module shows of one of its objects.
type CardData struct {
	Kind      string      `json:"kind" doc:"For example approval"`
	Ref       kernel.ID   `json:"ref" format:"uuid"`
	Assistant string      `json:"assistant,omitempty"`
	Title     string      `json:"title"`
	State     string      `json:"state"`
	Fields    []CardField `json:"fields"`
	Task      string      `json:"task,omitempty" doc:"What its reader was asked to do with the object, by a name of its own; absent: the card only tells"`
	Over      string      `json:"over,omitempty" doc:"How the task ended, in a word of its kind; again: a later card asks instead; absent: it is still to be done"`
}

// CardField is a line of a card.
type CardField struct {
	Label string `json:"label"`
	Value string `json:"value"`
}

// Merged is what was forwarded as one message: a copy, as it was then.
type Merged struct {
	Title string       `json:"title"`
	Items []MergedItem `json:"items"`
}

// MergedItem is one message in it.
type MergedItem struct {
	Author string     `json:"author"`
	At     time.Time  `json:"at"`
	Kind   Kind       `json:"kind"`
	Text   string     `json:"text,omitempty"`
	Files  []Attached `json:"files,omitempty"`
	Merged *Merged    `json:"forward,omitempty"`
}

// Happening is what a system message says; the page makes a sentence of it.
type Happening struct {
	Event  string  `json:"event" enum:"created,joined,left,removed,renamed,notice,owner"`
	By     *Named  `json:"by,omitempty"`
	People []Named `json:"people,omitempty" doc:"At most 20"`
	Count  int     `json:"count,omitempty" doc:"How many people, if more"`
	Name   string  `json:"name,omitempty"`
}

// payload is what a message holds besides its text; it is stored as it is shown.
type payload struct {
	Files    []Attached `json:"files,omitempty"`
	Mentions []Named    `json:"mentions,omitempty"`
	Card     *CardData  `json:"card,omitempty"`
	Merged   *Merged    `json:"forward,omitempty"`
	System   *Happening `json:"system,omitempty"`
}

func (p payload) column() any {
	if p.Files == nil && p.Mentions == nil && p.Card == nil && p.Merged == nil && p.System == nil {
		return nil
	}
	raw, _ := json.Marshal(p) // holds nothing that cannot be encoded
	return string(raw)
}
