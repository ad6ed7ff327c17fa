@MP107 @requirement-2
Feature: The data update corrects the Network Operator slots of an S1SP's database
  One activity replaces every incorrect Network Operator's certificate in the virtual anchor slots by that of the
  registered one, while the S1SP serves. From then on the registered operator owns the slot, with MP107 or without.

  @MP107-R2-01 @FIA-3.3.2 @FIA-4.2.2 @S1SR-4.2 @severity-blocker
  Scenario Outline: After the data update the correct Network Operator owns the slot and the incorrect one does not
    Given the <device_type> served by <s1sp> with the incorrect Network Operator's certificate in its Network Operator slot
    When the data update is applied to the database of <s1sp>
    Then the data update has corrected the device
    And SRV 6.24.1 by the correct Network Operator shows the correct Network Operator's certificates in the slot
    When the incorrect Network Operator sends SRV 6.15.1 placing the incorrect Network Operator's certificate
    Then the DSP acknowledges the request
    And <s1sp> rejects the request with S1SP Alert S1VE64
    And no slot has changed
    When the correct Network Operator sends SRV 6.15.1 placing the correct Network Operator's certificate
    Then the DSP acknowledges the request
    And <s1sp> answers with a signed success that names the correct Network Operator as the new party

    Examples:
      | s1sp  | device_type |
      | S1SP1 | ESME        |
      | S1SP1 | GPF         |
      | S1SP2 | ESME        |
      | S1SP2 | GPF         |
      | S1SP3 | ESME        |
      | S1SP3 | GPF         |

  @MP107-R2-02 @FIA-1 @FIA-4.2.2 @severity-critical
  Scenario Outline: Device alerts reach the correct Network Operator after the data update
    Given the <device_type> served by <s1sp> with the incorrect Network Operator's certificate in its Network Operator slot
    When the device raises an alert
    Then the alert reaches the incorrect Network Operator and nobody else
    When the data update is applied to the database of <s1sp>
    And the device raises an alert
    Then the alert reaches the correct Network Operator and nobody else

    Examples:
      | s1sp  | device_type |
      | S1SP1 | ESME        |
      | S1SP1 | GPF         |
      | S1SP2 | ESME        |
      | S1SP2 | GPF         |
      | S1SP3 | ESME        |
      | S1SP3 | GPF         |

  @MP107-R2-03 @FIA-3.3.2 @FIA-4.1 @severity-critical
  Scenario Outline: The data update has the same effect wherever the switches of MP107 are
    Given the <device_type> served by <s1sp> with the incorrect Network Operator's certificate in its Network Operator slot
    And MP107 is <dsp> at the DSP and <s1sps> at every S1SP
    When the data update is applied to the database of <s1sp>
    Then the data update has corrected the device
    When the correct Network Operator sends SRV 6.15.1 placing the correct Network Operator's certificate
    Then the DSP acknowledges the request
    And <s1sp> answers with a signed success that names the correct Network Operator as the new party

    Examples:
      | s1sp  | device_type | dsp | s1sps |
      | S1SP1 | ESME        | on  | on    |
      | S1SP1 | ESME        | on  | off   |
      | S1SP1 | ESME        | off | on    |
      | S1SP1 | ESME        | off | off   |
      | S1SP1 | GPF         | on  | on    |
      | S1SP1 | GPF         | on  | off   |
      | S1SP1 | GPF         | off | on    |
      | S1SP1 | GPF         | off | off   |
      | S1SP2 | ESME        | on  | on    |
      | S1SP2 | ESME        | on  | off   |
      | S1SP2 | ESME        | off | on    |
      | S1SP2 | ESME        | off | off   |
      | S1SP2 | GPF         | on  | on    |
      | S1SP2 | GPF         | on  | off   |
      | S1SP2 | GPF         | off | on    |
      | S1SP2 | GPF         | off | off   |
      | S1SP3 | ESME        | on  | on    |
      | S1SP3 | ESME        | on  | off   |
      | S1SP3 | ESME        | off | on    |
      | S1SP3 | ESME        | off | off   |
      | S1SP3 | GPF         | on  | on    |
      | S1SP3 | GPF         | on  | off   |
      | S1SP3 | GPF         | off | on    |
      | S1SP3 | GPF         | off | off   |

  @MP107-R2-04 @FIA-4.2.2 @severity-critical
  Scenario Outline: A rollback gives the slot back to the former Network Operator
    Given the <device_type> served by <s1sp> with the incorrect Network Operator's certificate in its Network Operator slot
    And the data update has been applied to the database of <s1sp>
    When the data update of the database of <s1sp> is rolled back
    Then the data update has put back what the slot held before
    When the correct Network Operator sends SRV 6.15.1 placing the correct Network Operator's certificate
    Then the DSP acknowledges the request
    And <s1sp> rejects the request with S1SP Alert S1VE64
    When the incorrect Network Operator sends SRV 6.15.1 placing the correct Network Operator's certificate
    Then the DSP acknowledges the request
    And <s1sp> answers with a signed success that names the correct Network Operator as the new party

    Examples:
      | s1sp  | device_type |
      | S1SP1 | ESME        |
      | S1SP1 | GPF         |
      | S1SP2 | ESME        |
      | S1SP2 | GPF         |
      | S1SP3 | ESME        |
      | S1SP3 | GPF         |
