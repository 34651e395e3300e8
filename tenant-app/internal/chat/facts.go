package chat

import "atrium.dev/atrium/tenant-app/internal/fact"

// The facts of chat: that a receipt or an acknowledgement was asked for, and each answer.
const (
	receiptFact = "chat.receipt" // asked, received, working, done
	urgentFact  = "chat.urgent"  // asked, acknowledged
)

// asked are the facts that messages ask for an answer.
func asked(stored []*post) []fact.Fact {
	var facts []fact.Fact
	for _, p := range stored {
		if p.Receipt {
			facts = append(facts, fact.Fact{Kind: receiptFact, Who: p.author, Object: p.ID, To: "asked", At: p.row.At})
		}
		if p.Urgent {
			facts = append(facts, fact.Fact{Kind: urgentFact, Who: p.author, Object: p.ID, To: "asked", At: p.row.At})
		}
	}
	return facts
}
