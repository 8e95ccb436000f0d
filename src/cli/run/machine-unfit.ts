/** A machine, or a configuration for it, that the agent cannot run with; `message` says what to do. */
export class MachineUnfit extends Error {
  override readonly name = "MachineUnfit";
}
