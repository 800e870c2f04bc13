package main

import (
	"fmt"
	"io"
	"strings"

	"github.com/lpuctl/lpuctl/groqclient"
)

// printPromptStats prints what --stats promises. What is not known says so.
func printPromptStats(w io.Writer, r *promptResult) {
	fmt.Fprintf(w, "tokens: %s\n", tokensText(r.Usage))
	fmt.Fprintf(w, "time: %s\n", timesText(r))
	fmt.Fprintf(w, "speed: %s by the server, %s by the clock after the first token\n",
		speedText(r.Times.ServerTokensPerSecond), speedText(r.Times.TokensPerSecond))
	fmt.Fprintf(w, "cost: %s\n", costText(r))
	fmt.Fprintf(w, "request: %s, attempts: %d\n", known(r.RequestID), r.Attempts)
	if limits := limitsText(r.limits); limits != "" {
		fmt.Fprintf(w, "limits: %s\n", limits)
	}
	if r.Conversation != "" {
		fmt.Fprintf(w, "conversation: %s\n", r.Conversation)
	}
}

func tokensText(u *groqclient.Usage) string {
	if u == nil {
		return "not stated"
	}
	return fmt.Sprintf("%d prompt (%d cached), %d completion (%d reasoning)",
		u.PromptTokens, u.CachedTokens(), u.CompletionTokens, u.ReasoningTokens())
}

func timesText(r *promptResult) string {
	var parts []string
	if r.Usage != nil && r.Usage.TotalTime > 0 {
		parts = append(parts, fmt.Sprintf("queue %.1f ms and work %.1f ms by the server",
			r.Usage.QueueTime*1000, r.Usage.TotalTime*1000))
	}
	if r.Times.FirstToken > 0 {
		parts = append(parts, fmt.Sprintf("first token after %.1f ms", r.Times.FirstToken*1000))
	}
	return strings.Join(append(parts, fmt.Sprintf("total %.1f ms", r.Times.Total*1000)), ", ")
}

func speedText(perSecond float64) string {
	if perSecond == 0 {
		return "not stated"
	}
	return fmt.Sprintf("%.1f tokens/s", perSecond)
}

func costText(r *promptResult) string {
	switch {
	case r.Usage == nil:
		return "unknown: the tokens are not stated"
	case r.Cost == nil:
		return fmt.Sprintf("unknown: no price for %s", r.Model)
	case r.Cost.AtMost:
		return fmt.Sprintf("at most $%.6f (price of %s; cached tokens may cost less)", r.Cost.Dollars, known(r.Cost.Date))
	}
	return fmt.Sprintf("$%.6f (price of %s)", r.Cost.Dollars, known(r.Cost.Date))
}

func limitsText(l groqclient.RateLimits) string {
	var parts []string
	if l.Requests.Known {
		parts = append(parts, fmt.Sprintf("%d of %d requests a day left", l.Requests.Remaining, l.Requests.Limit))
	}
	if l.Tokens.Known {
		parts = append(parts, fmt.Sprintf("%d of %d tokens a minute left", l.Tokens.Remaining, l.Tokens.Limit))
	}
	return strings.Join(parts, ", ")
}

func known(s string) string {
	if s == "" {
		return "not stated"
	}
	return s
}
