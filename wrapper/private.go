package wrapper

import "github.com/ymarket-go/chats/gen"

// private are the texts that neither an error nor the log may show: of the message that a call sends, and of what it
// has read. The pages of a reading share them, as do a send and its reads.
type private struct {
	texts   []string
	file    []byte   // of the message; it may be a text
	secrets *secrets // of all that; nil: not of all of it yet
}

// maxHidden is how many bytes of a file no text may repeat.
const maxHidden = 64 << 10

func (p *private) add(texts []string) {
	p.texts, p.secrets = append(p.texts, texts...), nil
}

// asSecrets reads the texts when they are first needed: as long as all goes well, nothing is looked for.
func (p *private) asSecrets() *secrets {
	if p.secrets == nil {
		p.secrets = newSecrets(p.texts...)
		p.secrets.add(string(p.file[:min(len(p.file), maxHidden)]))
	}
	return p.secrets
}

// hide keeps texts out of what the call shows.
func (c *call) hide(texts ...string) {
	if len(texts) == 0 {
		return
	}
	if c.private == nil {
		c.private = &private{}
	}
	c.private.add(texts)
}

// hideMessage keeps the message that the call sends out of what it shows.
func (c *call) hideMessage() {
	c.hide(c.message.content.text, c.message.content.name)
	c.private.file = c.message.file
}

// sharing has a call hide what others hide, unless it does so already.
func sharing(p *private) CallOption {
	return func(c *call) error {
		if c.private == nil {
			c.private = p
		}
		return nil
	}
}

// textsOf gives the messages, the names of files and of buyers in a result.
func textsOf(result any) (texts []string) {
	addName := func(about gen.ChatFullContextDTO) {
		if about.Customer != nil && about.Customer.Name != nil {
			texts = append(texts, *about.Customer.Name)
		}
	}
	addMessage := func(m gen.ChatMessageDTO) {
		if m.Message != nil {
			texts = append(texts, *m.Message)
		}
		for _, file := range m.Payload {
			texts = append(texts, file.Name, file.URL)
		}
	}
	switch read := result.(type) {
	case *gen.GetChatInfoDTO:
		addName(read.Context)
	case *gen.GetChatsInfoDTO:
		for _, chat := range read.Chats {
			addName(chat.Context)
		}
	case *gen.ChatMessageDTO:
		addMessage(*read)
	case *gen.ChatMessagesResultDTO:
		addName(read.Context)
		for _, m := range read.Messages {
			addMessage(m)
		}
	}
	return texts
}
