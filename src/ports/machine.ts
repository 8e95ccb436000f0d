/** Facts of this machine that do not change while the agent runs. */
export interface MachineInfo {
  readonly hostname: string;
  readonly cpuCores: number;
  readonly memoryBytes: number;
  /** How many processes and threads the kernel runs at most; Infinity: not known. */
  readonly maxPids: number;
  readonly bootId: string;
  readonly machineId: string;
  /** The firmware's identity of the machine; the machine id where there is none. */
  readonly systemUuid: string;
  readonly kernelVersion: string;
  readonly osImage: string;
  readonly architecture: string;
  /** Address other machines and pods reach this one by; "" when there is none. */
  readonly nodeIp: string;
  /** The kernel enforces AppArmor profiles. */
  readonly appArmor: boolean;
  /** Page size names with preallocated huge pages ("2MB" -> bytes). */
  readonly hugePageBytes: Readonly<Record<string, number>>;
  /** Files have SELinux labels that decide who may use them. */
  readonly seLinux: boolean;
}
