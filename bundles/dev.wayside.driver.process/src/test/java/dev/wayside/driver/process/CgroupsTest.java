// SPDX-License-Identifier: Apache-2.0
package dev.wayside.driver.process;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Which files are written; that the kernel heeds them is ProcessDriverTest's. */
final class CgroupsTest {
    private static final Cgroups.Limits LIMITS = new Cgroups.Limits(64 << 20, 250, 100);

    @TempDir private Path device;

    private Cgroups cgroups(String mounts) throws Exception {
        return new Cgroups(
                Files.writeString(device.resolve("mounts"), mounts), "wayside", "gateway");
    }

    @Test
    void versionTwoGetsItsControllersHandedDown() throws Exception {
        Path unified = Files.createDirectory(device.resolve("unified"));
        Files.writeString(unified.resolve("cgroup.controllers"), "cpuset cpu io memory pids\n");

        assertThat(cgroups("cgroup2 " + unified + " cgroup2 rw,nosuid 0 0\n").make("one", LIMITS))
                .containsExactly(unified.resolve("wayside/gateway/one"));
        for (String level : new String[] {".", "wayside", "wayside/gateway"}) {
            assertThat(unified.resolve(level).resolve("cgroup.subtree_control"))
                    .hasContent("+memory +cpu");
        }
        Path group = unified.resolve("wayside/gateway/one");
        assertThat(group.resolve("memory.max")).hasContent("67108864");
        assertThat(group.resolve("cpu.max")).hasContent("25000 100000");
        assertThat(group.resolve("cpu.weight")).hasContent("4");
    }

    @Test
    void versionOneHasAHierarchyPerController() throws Exception {
        Path memory = Files.createDirectory(device.resolve("memory"));
        Path cpu = Files.createDirectory(device.resolve("cpu"));
        Path pids = Files.createDirectory(device.resolve("pids"));

        assertThat(
                        cgroups(
                                        "cgroup "
                                                + memory
                                                + " cgroup rw,memory 0 0\n"
                                                + "cgroup "
                                                + pids
                                                + " cgroup rw,pids 0 0\n"
                                                + "cgroup "
                                                + cpu
                                                + " cgroup rw,cpu,cpuacct 0 0\n")
                                .make("one", LIMITS))
                .containsExactly(
                        memory.resolve("wayside/gateway/one"), cpu.resolve("wayside/gateway/one"));
        assertThat(memory.resolve("wayside/gateway/one/memory.limit_in_bytes"))
                .hasContent("67108864");
        assertThat(cpu.resolve("wayside/gateway/one/cpu.cfs_quota_us")).hasContent("25000");
        assertThat(cpu.resolve("wayside/gateway/one/cpu.shares")).hasContent("102");
        assertThat(pids).isEmptyDirectory();
    }

    @Test
    void aDeviceWithoutThemRunsContainersAllTheSame() throws Exception {
        assertThat(cgroups("proc /proc proc rw 0 0\n").make("one", LIMITS)).isEmpty();
        assertThat(new Cgroups(device.resolve("absent"), "wayside", "gateway").make("one", LIMITS))
                .isEmpty();
    }

    @Test
    void sharesAreAsKubeletWouldSetThem() {
        assertThat(new Cgroups.Limits(0, 0, 0).shares()).isEqualTo(2);
        assertThat(new Cgroups.Limits(0, 0, 1000).shares()).isEqualTo(1024);
        assertThat(new Cgroups.Limits(0, 1, 0).quotaMicros()).isEqualTo(1000);
    }
}
