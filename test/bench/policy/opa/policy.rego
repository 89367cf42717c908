package leashkit.bench

import rego.v1

# The rules are data, in one table for each kind and by the tool (or the service) they speak of, so that one small module
# serves policies of every size. At most one rule matches, so the order of these branches decides nothing.

rule := found.id if {
	found := data.pay[input.tool]
	input.amount <= found.most
	found.currencies[input.currency]
} else := found.id if {
	found := data.fetch[input.tool]
	found.hosts[input.host]
} else := found.id if {
	found := data.write[input.tool]
	startswith(input.path, found.folder)
} else := found.id if {
	found := data.run[input.tool]
	regex.match(found.pattern, input.command)
} else := found.id if {
	found := data.any[input.service]
	input.environment == found.environment
	input.dry_run == false
	input.risk > found.risk_above
}
