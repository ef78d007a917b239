// From what a thought lets be seen to what the audit trail keeps of it.
import { type Mission, missionHash, missionText } from '../src/cognition/mission.ts'
import type { Observation } from '../src/cognition/observation.ts'
import type { StateName } from '../src/cognition/states.ts'
import type { AuditEntry } from '../src/metacognition/audit-event.ts'
import { recordOfCall } from '../src/metacognition/recorded-call.ts'

/** Makes the audit entries of one cycle, observation by observation; undefined for what the trail does not keep. */
export function auditEntries(
  mission: Mission,
  snapshot: string,
): (observation: Observation) => AuditEntry | undefined {
  const brief = missionHash(mission)
  let state: StateName = 'IDLE'
  let transaction = `after ${snapshot}`
  const entry = (
    rest: Pick<AuditEntry, 'event_type' | 'event_data' | 'status'> & Partial<AuditEntry>,
  ): AuditEntry => ({
    cycle_id: mission.cycle,
    transaction_id: transaction,
    ...(mission.parent === '' ? {} : { parent_cycle_id: mission.parent }),
    mission_brief_hash: brief,
    psm_state: state,
    ...rest,
  })
  return (seen) => {
    switch (seen.kind) {
      case 'state': {
        const mine = entry({
          event_type: 'STATE_TRANSITION',
          transition_to: seen.to,
          ...(seen.persona === undefined ? {} : { active_persona: seen.persona }),
          event_data: seen.from === 'IDLE' ? { mission: missionText(mission) } : {},
          status: seen.to === 'FAILED' ? 'FAILURE' : 'IN_PROGRESS',
        })
        state = seen.to
        return mine
      }
      case 'call':
        return entry({
          event_type: 'LLM_CALL',
          ...(seen.request.persona !== undefined && { active_persona: seen.request.persona }),
          ...recordOfCall(seen.request, seen.result),
          status: 'SUCCESS',
        })
      case 'retrieval':
        return entry({
          event_type: 'RETRIEVAL_ACTION',
          event_data: { retrieved_chunk_ids: [...seen.found] },
          status: 'SUCCESS',
        })
      case 'plan':
        return entry({
          event_type: 'ARTIFACT_GENERATED',
          event_data: { artifact: JSON.stringify(seen.plan) },
          status: 'SUCCESS',
        })
      case 'draft':
        return entry({
          event_type: 'ARTIFACT_GENERATED',
          event_data: { artifact: seen.source, attempt: seen.attempt },
          status: 'SUCCESS',
        })
      case 'verdict':
      case 'trial': {
        const { kind, attempt, ok, ...result } = seen
        return entry({
          event_type: ok ? 'VALIDATION_SUCCESS' : 'VALIDATION_FAILURE',
          event_data: {
            attempt,
            validation_result: { by: kind === 'verdict' ? 'guardian' : 'trial', ...result },
          },
          status: ok ? 'SUCCESS' : 'FAILURE',
        })
      }
      case 'commit':
        transaction = seen.transaction
        return entry({
          event_type: 'COMMIT',
          event_data: seen.purpose === undefined ? {} : { purpose: seen.purpose },
          status: 'SUCCESS',
          final_outcome: 'COMPLETE',
        })
      case 'abort':
        return entry({
          event_type: 'ABORT',
          event_data: { error: { code: seen.code, message: seen.message } },
          status: 'FAILURE',
          final_outcome: 'FAILED',
        })
      case 'token':
      case 'facet':
      case 'proposal':
      case 'waiting':
        return undefined
      default:
        return seen satisfies never
    }
  }
}
