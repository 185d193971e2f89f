// SPDX-License-Identifier: Apache-2.0
package dev.wayside.connector.rollout;

/** Where a rollout stands. */
public enum Phase {
    /** Nothing was ever to be done. */
    IDLE("Idle"),
    PROGRESSING("Progressing"),
    WAITING_FOR_APPROVAL("WaitingForApproval"),
    /** On purpose, or since something failed. */
    PAUSED("Paused"),
    ROLLING_BACK("RollingBack"),
    ROLLED_BACK("RolledBack"),
    COMPLETED("Completed"),
    /** Something failed and could not be taken back. */
    FAILED("Failed");

    private final String word;

    Phase(String word) {
        this.word = word;
    }

    public String word() {
        return word;
    }

    /** Idle for what is not known. */
    public static Phase of(String word) {
        for (Phase phase : values()) {
            if (phase.word.equals(word)) {
                return phase;
            }
        }
        return IDLE;
    }

    /** Whether every site may have what the grids ask for now. */
    public boolean isDone() {
        return this == IDLE || this == COMPLETED;
    }
}
