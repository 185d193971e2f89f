// SPDX-License-Identifier: Apache-2.0
package dev.wayside.node;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.Inet6Address;
import java.net.InetAddress;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class MachineTest {
    @TempDir Path root;

    @Test
    void readsThisMachinesFigures() throws Exception {
        Machine.Resources here = new Machine(Path.of("/"), root).resources();

        assertThat(here.maxTasks()).isEqualTo(Long.parseLong(cat("/proc/sys/kernel/pid_max")));
        assertThat(here.tasks()).isBetween(1L, here.maxTasks());
        assertThat(here.processors()).isPositive();
        assertThat(here.memoryBytes())
                .isEqualTo(1024 * Long.parseLong(cat("/proc/meminfo").split("\\s+")[1]));
        assertThat(here.freeMemoryBytes()).isBetween(1L, here.memoryBytes());
        assertThat(here.diskBytes()).isPositive();
        assertThat(here.freeDiskBytes()).isBetween(0L, here.diskBytes());
    }

    @Test
    void readsWhatThisMachineIs() throws Exception {
        Machine here = new Machine(Path.of("/"), root);

        assertThat(here.kernel()).isEqualTo(cat("/proc/sys/kernel/osrelease"));
        assertThat(here.bootId()).isEqualTo(cat("/proc/sys/kernel/random/boot_id"));
        assertThat(here.hostName()).isEqualTo(cat("/proc/sys/kernel/hostname"));
        assertThat(cat("/etc/os-release")).contains(here.osImage());
        assertThat(Machine.architecture()).isIn("amd64", "arm64", "arm");
    }

    @Test
    void readsFilesAsTheKernelWritesThem() throws Exception {
        file("proc/meminfo", "MemTotal:        1000 kB\nMemFree: 1 kB\nMemAvailable:     400 kB\n");
        file("proc/loadavg", "0.10 0.20 0.30 2/345 6789\n");
        file("proc/sys/kernel/pid_max", "4194304\n");
        file("etc/os-release", "NAME=x\nPRETTY_NAME=\"Debian GNU/Linux 13 (trixie)\"\n");

        Machine machine = new Machine(root, root);

        Machine.Resources resources = machine.resources();
        assertThat(resources.memoryBytes()).isEqualTo(1_024_000);
        assertThat(resources.freeMemoryBytes()).isEqualTo(409_600);
        assertThat(resources.tasks()).isEqualTo(345);
        assertThat(resources.maxTasks()).isEqualTo(4_194_304);
        assertThat(machine.osImage()).isEqualTo("Debian GNU/Linux 13 (trixie)");
    }

    @Test
    void leavesEmptyWhatCannotBeHad() {
        Machine bare = new Machine(root, root.resolve("none"));

        assertThat(bare.resources())
                .isEqualTo(
                        new Machine.Resources(
                                Runtime.getRuntime().availableProcessors(), 0, 0, 0, 0, 0, 0));
        assertThat(bare.machineId()).isEmpty();
        assertThat(bare.hostName()).isEmpty();
        assertThat(bare.osImage()).isEqualTo("Linux");
    }

    @Test
    void knowsItsAddressTowardsTheConnector() {
        assertThat(Machine.addressTowards(URI.create("https://127.0.0.1:8443")))
                .contains("127.0.0.1");
        assertThat(Machine.addressTowards(URI.create("https://no-such-host.invalid"))).isEmpty();
    }

    @Test
    void writesAnAddressWithoutItsZone() throws Exception {
        byte[] linkLocal = InetAddress.getByName("fe80::1").getAddress();

        assertThat(Machine.text(Inet6Address.getByAddress("box", linkLocal, 1)))
                .isEqualTo("fe80:0:0:0:0:0:0:1");
    }

    private void file(String path, String content) throws Exception {
        Files.createDirectories(root.resolve(path).getParent());
        Files.writeString(root.resolve(path), content);
    }

    private static String cat(String path) throws Exception {
        Process cat = new ProcessBuilder("cat", path).start();
        return new String(cat.getInputStream().readAllBytes(), StandardCharsets.UTF_8).strip();
    }
}
